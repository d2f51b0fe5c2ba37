#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lowbit {

/// NFC, without control, zero-width and direction characters, every run of white space one blank, none at the ends.
std::string clean(std::string_view text);

/// Texts with equal keys count as duplicates: lower case, digit runs 0, no punctuation.
std::string dedupe_key(std::string_view text);

/// Texts with equal keys were filled from one template: quoted words, identifiers, versions and acronyms become X, then
/// dedupe_key. "Documentation for libfoo2-dev" and "Documentation for libbar-doc" share "documentation for x".
std::string template_key(std::string_view text);

/// Runs of letters, runs of digits and single punctuation marks: the unit of the statistics.
int64_t count_text_tokens(std::string_view text);

}  // namespace lowbit
