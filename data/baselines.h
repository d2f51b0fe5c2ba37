#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lowbit {

/// The first `count` words of a text: the baseline that a summariser must beat.
std::string lead_words(std::string_view text, int64_t count);

/// The translation memory that a trained model must beat: for each source line the target of the training row whose
/// source is most like it. (The other baseline, copying the source, needs no code.)
///
/// Likeness is the weighted Dice coefficient of both sets of words, 2 w(A and B) / (w(A) + w(B)), where a set weighs
/// the sum of its words' weights log((rows + 1) / rows that hold the word); a word of no training row weighs log(rows +
/// 1). Words are lower-cased 13a tokens.
class TranslationMemory {
 public:
  /// Indexes `sources`, row i of which is answered with targets[i].
  /// Errors: ErrorKind::data when there is no row or both sides differ in length.
  TranslationMemory(const std::vector<std::string>& sources, std::vector<std::string> targets);

  /// The row most like `source`, the first of equals; row 0 when no row shares a word with it.
  int64_t nearest(std::string_view source) const;

  const std::string& translate(std::string_view source) const { return targets_[static_cast<size_t>(nearest(source))]; }

 private:
  struct Word {
    std::vector<int32_t> rows;  ///< that hold the word, ascending
    double weight = 0;
  };

  std::vector<std::string> targets_;
  std::unordered_map<std::string, size_t> word_ids_;  ///< place in words_, in the order in which the words first came
  std::vector<Word> words_;
  std::vector<double> row_weights_;  ///< sum of the weights of each row's words
};

}  // namespace lowbit
