#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lowbit {

/// The search of a Unigram model for the pieces of a word whose scores have the greatest sum, as Hugging Face's
/// tokenizers do it. Not by the sentencepiece library: it sums in f32, they in f64, and equal sums ("." and ".." or
/// ".." and ".") then come out otherwise for some texts.
class Unigram {
 public:
  void add(const std::string& piece, double score);  ///< the n-th, from 0, has the id n
  void set_unknown(int32_t id) { unknown_ = id; }    ///< of characters without a piece, at the lowest score less 10

  int32_t find(std::string_view piece) const;  ///< its id; -1: there is none
  /// Appends the pieces of a word of valid UTF-8; unknown characters in a row are one.
  void encode(std::string_view word, std::vector<int32_t>& ids) const;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, int32_t, Hash, std::equal_to<>> ids_;
  std::vector<double> scores_;
  double lowest_ = 0;
  size_t longest_ = 0;  // bytes
  int32_t unknown_ = 0;
};

}  // namespace lowbit
