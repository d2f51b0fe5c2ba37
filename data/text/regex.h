#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lowbit {

/// A compiled Perl-compatible pattern over UTF-8 with Unicode classes (PCRE2): \w is letters, numbers and _, \d is
/// category Nd. Subjects must be valid UTF-8. Const members may be called from several threads.
class Regex {
 public:
  struct Match {
    size_t begin = 0, end = 0;              ///< bytes of the subject
    size_t group_begin = 0, group_end = 0;  ///< of the first group; npos when it took no part
  };

  explicit Regex(std::string_view pattern);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  std::optional<Match> search(std::string_view subject,
                              size_t start = 0) const;  ///< leftmost match at or after `start`
  std::string replace_all(std::string_view subject, std::string_view literal) const;
  int64_t count(std::string_view subject) const;  ///< matches that do not overlap

 private:
  struct Code;
  std::unique_ptr<Code> code_;
};

}  // namespace lowbit
