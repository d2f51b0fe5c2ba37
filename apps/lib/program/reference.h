#pragma once

#include <span>
#include <string>

#include "apps/lib/program/program.h"

namespace lowbit {

/// What `lowbit help` prints: the verbs, a line each.
std::string program_usage(std::span<const Verb> verbs);

/// `lowbit VERB --help`.
std::string verb_usage(const Verb& verb);
/// docs/options.md: every verb's usage, every option once with the verbs that take it, and the environment variables.
std::string options_page(std::span<const Verb> verbs);

}  // namespace lowbit
