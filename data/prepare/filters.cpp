#include "data/prepare/filters.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/prepare/sentences.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

bool has_enough_letters(std::string_view text, double share) {
  int64_t letters = 0, characters = 0;
  for (size_t i = 0; i < text.size();) {
    const char32_t c = next_code_point(text, i);
    letters += is_letter(c);
    characters += c != ' ';
  }
  return static_cast<double>(letters) >= share * static_cast<double>(characters);
}

bool is_mostly_copied(const std::vector<std::string_view>& source, const std::vector<std::string_view>& target,
                      double share) {
  std::set<std::string> known;
  for (const auto word : source) known.insert(to_lower(word));
  const auto copied =
      std::count_if(target.begin(), target.end(), [&](auto word) { return known.contains(to_lower(word)); });
  return static_cast<double>(copied) > share * static_cast<double>(target.size());
}

}  // namespace

std::string_view to_string(Rejection reason) {
  switch (reason) {
    case Rejection::none:
      return "none";
    case Rejection::words:
      return "words";
    case Rejection::ratio:
      return "ratio";
    case Rejection::letters:
      return "letters";
    case Rejection::copied:
      return "copied";
    case Rejection::garbled:
      return "garbled";
  }
  fail(ErrorKind::internal, "to_string", "no rejection {}", static_cast<int>(reason));
}

Rejection check_pair(std::string_view source, std::string_view target, const FilterOptions& options) {
  const auto source_words = split_words(source), target_words = split_words(target);
  const auto n = static_cast<int64_t>(source_words.size()), m = static_cast<int64_t>(target_words.size());
  if (n < options.min_words || n > options.max_words || m < 1 || 2 * m > 3 * options.max_words) return Rejection::words;
  if (!is_plausible_ratio(source, target, options.max_ratio)) return Rejection::ratio;
  if (!has_enough_letters(source, options.min_letters) || !has_enough_letters(target, options.min_letters))
    return Rejection::letters;
  if (is_mostly_copied(source_words, target_words, options.max_copied)) return Rejection::copied;
  constexpr std::string_view kReplacement = "\uFFFD";
  const auto contains = [](std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
  };
  if (contains(source, kReplacement) || contains(target, kReplacement)) return Rejection::garbled;
  if (contains(source, "http") && n < 6) return Rejection::garbled;
  return Rejection::none;
}

}  // namespace lowbit
