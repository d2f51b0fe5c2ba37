#pragma once

#include <memory>

#include "data/tokenizer/fairseq_dictionary.h"
#include "data/tokenizer/tokenizer.h"

namespace lowbit {

/// fairseq's way from text to ids: a sentencepiece model cuts the text, or without one it is cut at white space, as
/// text that went through a BPE program before; the dictionary says the id of each piece. Back again what that program
/// did is undone: blanks go and "▁" becomes one, or "@@ " goes, whichever the dictionary's symbols have.
class FairseqTokenizer final : public Tokenizer {
 public:
  static constexpr const char* kModel = "sentence.bpe.model";

  /// `model`: of sentencepiece; empty: none. Errors (model): it is broken.
  FairseqTokenizer(FairseqDictionary dictionary, const std::filesystem::path& model);
  ~FairseqTokenizer() override;

  std::vector<int32_t> encode(std::string_view text) const override;
  std::string decode(std::span<const int32_t> ids) const override;  ///< <unk> is shown
  int64_t vocab_size() const override;
  std::string piece(int32_t id) const override;
  const SpecialIds& special_ids() const override;
  Framing framing_for(const Languages& languages) const override;  ///< it has no languages
  int32_t find(std::string_view piece) const override;
  /// Without "▁" in the dictionary one symbol alone does not tell: each counts as a word, as in fairseq.
  bool starts_word(int32_t id) const override;
  bool takes_clean_text() const override { return false; }
  uint64_t fingerprint() const override;
  void save(const std::filesystem::path& folder) const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowbit
