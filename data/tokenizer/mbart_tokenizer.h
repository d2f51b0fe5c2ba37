#pragma once

#include <memory>

#include "data/tokenizer/fairseq_dictionary.h"
#include "data/tokenizer/tokenizer.h"

namespace lowbit {

/// mBART's tokenizer: a sentencepiece model whose ids are those of fairseq (<s> 0, <pad> 1, </s> 2, <unk> 3; piece n of
/// the model is n + 1), then the language codes, then <mask>. Or a tokenizer.json with these ids. The two give other
/// ids for some texts, as transformers' classes do that read them: the first does all as sentencepiece does, the second
/// as the file says (unigram_json.h). Special tokens and codes that are written out in a text are those tokens.
///   cc25       "X </s> [src]", target and first decoder input likewise: [tgt] starts the decoder
///   mBART-50   "[src] X </s>", "[tgt] X </s>"; the decoder starts with </s> and must say [tgt] first
class MbartTokenizer final : public Tokenizer {
 public:
  enum class Release : uint8_t { cc25, mbart50 };

  /// Whether a sentencepiece model has the ids of mBART's: <unk> 0, <s> 1, </s> 2, no padding.
  static bool has_its_ids(const std::filesystem::path& model);

  /// From a sentencepiece model, and tokenizer_config.json if it is there beside it: which release, and the languages
  /// unless they are given. Without it `rows`, those of the token table, tell the release. Errors (model): broken
  /// files, or neither release; (usage) a language that is not given or not known, naming those that are.
  static std::unique_ptr<MbartTokenizer> load(const std::filesystem::path& model, int64_t rows,
                                              const Languages& languages);
  /// From a tokenizer.json, whose vocabulary tells the release; languages as above. Null when it holds no Unigram.
  static std::unique_ptr<MbartTokenizer> load_json(const std::filesystem::path& json, const Languages& languages);
  /// Whether fairseq's dictionary has the pieces of a sentencepiece model in their order and a table of `rows` the
  /// codes and <mask> of a release behind them: then the ids through it are those of this tokenizer.
  static bool fits(const FairseqDictionary& dictionary, const std::filesystem::path& model, int64_t rows);

  ~MbartTokenizer() override;
  std::vector<int32_t> encode(std::string_view text) const override;
  std::string decode(std::span<const int32_t> ids) const override;
  int64_t vocab_size() const override;
  std::string piece(int32_t id) const override;
  const SpecialIds& special_ids() const override;
  Framing framing() const override;
  Framing framing_for(const Languages& languages) const override;
  int32_t find(std::string_view piece) const override;
  bool starts_word(int32_t id) const override;
  bool takes_clean_text() const override { return false; }
  uint64_t fingerprint() const override;  ///< the same for all languages
  void save(const std::filesystem::path& folder) const override;

 private:
  struct Impl;
  explicit MbartTokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowbit
