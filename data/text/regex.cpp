#include "data/text/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/error.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

std::string message_of(int error) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(error, text, sizeof(text));
  return reinterpret_cast<const char*>(text);
}

/// Where to look for the next match: an empty match moves on by one code point.
size_t next_start(std::string_view subject, const Regex::Match& match) {
  size_t next = match.end;
  if (match.begin == match.end && next < subject.size()) next_code_point(subject, next);
  return match.begin == match.end && match.end == subject.size() ? std::string_view::npos : next;
}

}  // namespace

struct Regex::Code {
  pcre2_code* code = nullptr;
  ~Code() { pcre2_code_free(code); }
};

Regex::Regex(std::string_view pattern) : code_(std::make_unique<Code>()) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  code_->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF | PCRE2_UCP,
                              &error, &offset, nullptr);
  LB_CHECK(code_->code, "Regex", "{} at offset {} of {}", message_of(error), offset, pattern);
  pcre2_jit_compile(code_->code, PCRE2_JIT_COMPLETE);  // where the CPU has no JIT, matching interprets
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

std::optional<Regex::Match> Regex::search(std::string_view subject, size_t start) const {
  if (start > subject.size()) return std::nullopt;
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data(
      pcre2_match_data_create_from_pattern(code_->code, nullptr), &pcre2_match_data_free);
  const char* text = subject.data() ? subject.data() : "";  // an empty view may hold no pointer
  const int found = pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(text), subject.size(), start,
                                PCRE2_NO_UTF_CHECK, data.get(), nullptr);
  if (found == PCRE2_ERROR_NOMATCH) return std::nullopt;
  LB_CHECK(found > 0, "Regex", "{}", message_of(found));
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data.get());
  Match match{ends[0], ends[1], std::string_view::npos, std::string_view::npos};
  if (found > 1 && ends[2] != PCRE2_UNSET) match.group_begin = ends[2], match.group_end = ends[3];
  return match;
}

std::string Regex::replace_all(std::string_view subject, std::string_view literal) const {
  std::string result;
  size_t copied = 0;
  for (auto match = search(subject); match; match = search(subject, next_start(subject, *match))) {
    result.append(subject, copied, match->begin - copied).append(literal);
    copied = match->end;
  }
  return result.append(subject, copied);
}

int64_t Regex::count(std::string_view subject) const {
  int64_t matches = 0;
  for (auto match = search(subject); match; match = search(subject, next_start(subject, *match))) ++matches;
  return matches;
}

}  // namespace lowbit
