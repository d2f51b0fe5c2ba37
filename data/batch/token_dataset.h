#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/corpus/parallel_text.h"
#include "data/tokenizer/tokenizer.h"

namespace lowbit {

/// Sequences of ids back to back: row i is ids[offsets[i], offsets[i + 1]).
class TokenRows {
 public:
  void append(std::span<const int32_t> row);
  std::span<const int32_t> operator[](int64_t row) const;
  int64_t size() const { return static_cast<int64_t>(offsets_.size()) - 1; }
  int64_t length(int64_t row) const;
  int64_t tokens() const { return offsets_.back(); }
  uint64_t fingerprint() const;  ///< XXH3 of ids and lengths

 private:
  std::vector<int32_t> ids_;
  std::vector<int64_t> offsets_{0};
};

/// A tokenised parallel corpus; rows lack their last token and the decoder's first, which the batcher adds.
struct TokenDataset {
  TokenRows source, target;
  std::vector<Framing> framings = {Framing{}};  ///< which these are
  std::vector<int32_t> framing_of = {};         ///< [size] place in framings; empty: all rows have the first

  const Framing& framing(int64_t row) const {
    return framings[framing_of.empty() ? 0 : static_cast<size_t>(framing_of[static_cast<size_t>(row)])];
  }
  int64_t size() const { return source.size(); }
  uint64_t fingerprint() const;
};

/// Rows whose target has a language are framed for it: they begin, or start the decoder, with its token. Error (usage):
/// the tokenizer has none for one of them, or for `source_language`.
TokenDataset tokenize(const ParallelText& text, const Tokenizer& tokenizer, const std::string& source_language = "");

}  // namespace lowbit
