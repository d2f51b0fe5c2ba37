#pragma once

#include <memory>

#include "data/tokenizer/tokenizer.h"
#include "data/tokenizer/tokenizer_json.h"

namespace lowbit {

/// BART's tokenizer: GPT-2's byte-level BPE with fairseq's special tokens, from Hugging Face's vocab.json and
/// merges.txt. Special tokens that are written out in the text ("<mask>") are taken as such, as there.
class BartTokenizer final : public Tokenizer {
 public:
  static constexpr const char* kVocabulary = "vocab.json";
  static constexpr const char* kMerges = "merges.txt";

  static constexpr const char* kJson = "tokenizer.json";

  /// Reads tokenizer.json where those two are not; what save() wrote starts as it did. Whether <mask> takes the white
  /// space before it along stands, by transformers' order, in tokenizer_config.json (added_tokens_decoder),
  /// tokenizer.json, or the former (mask_token); where none says, it does. Errors (model) naming the file
  /// and line or token: missing, no JSON map of tokens to the ids 0, 1, 2, ..., a merge of what is not there, without
  /// <s>, <pad>, </s> or <unk>.
  static std::unique_ptr<BartTokenizer> load(const std::filesystem::path& folder);

  /// Whether generation must say <s> first. Hugging Face's models say it of themselves; fairseq's hub always asks for
  /// it.
  enum class Start : uint8_t { free, bos };
  /// From the contents of the files; messages name the two paths. Errors as above.
  static std::unique_ptr<BartTokenizer> make(BpeFiles files, const std::string& vocabulary, const std::string& merges,
                                             Start start = Start::free);

  ~BartTokenizer() override;
  std::vector<int32_t> encode(std::string_view text) const override;
  std::string decode(std::span<const int32_t> ids) const override;  ///< what is no UTF-8 becomes U+FFFD
  int64_t vocab_size() const override;
  std::string piece(int32_t id) const override;  ///< in GPT-2's letters for bytes
  const SpecialIds& special_ids() const override;
  Framing framing() const override;
  Framing framing_for(const Languages& languages) const override;  ///< it has no languages
  int32_t find(std::string_view piece) const override;
  bool starts_word(int32_t id) const override;
  bool takes_clean_text() const override { return false; }
  uint64_t fingerprint() const override;
  void save(const std::filesystem::path& folder) const override;  ///< with a tokenizer_config.json, for <mask>

 private:
  struct Impl;
  explicit BartTokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowbit
