#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizer/tokenizer.h"

namespace lowbit {

/// How a language is written among SentencePieceOptions::symbols.
inline std::string language_symbol(std::string_view language) { return "[" + std::string(language) + "]"; }

struct SentencePieceOptions {
  enum class Model : uint8_t { bpe, unigram };
  Model model = Model::bpe;
  int64_t vocab_size = 4000;           ///< pieces, the four special ones included
  double character_coverage = 0.9998;  ///< share of the text's characters that get a piece; the rest is unk
  bool byte_fallback = false;          ///< 256 byte pieces instead of unk
  std::string normalization =
      "identity";  ///< or nfkc, nmt_nfkc, ...: identity gives back the very text that was encoded
  /// Tokens that no text turns into, behind the special ones: "<mask>", and "[de]" for a language.
  std::vector<std::string> symbols = {};
};

/// Text to ids and back through a sentencepiece model. Const members may be called from several threads.
class SentencePieceTokenizer final : public Tokenizer {
 public:
  static constexpr const char* kFile = "sentencepiece.bpe.model";

  /// Learns one vocabulary from all texts: give source and target for a joint one. Same texts and options, same bytes.
  /// Errors (data): no text, or too little of it for the vocabulary size.
  static SentencePieceTokenizer train(std::span<const std::string> texts, const SentencePieceOptions& options);

  /// Any sentencepiece model file with pad, bos, eos and unk. Errors (model): missing, broken, or without one of them.
  /// `languages` are those of framing().
  static SentencePieceTokenizer load(const std::filesystem::path& path, const Languages& languages = {});

  SentencePieceTokenizer(SentencePieceTokenizer&&) noexcept;
  SentencePieceTokenizer& operator=(SentencePieceTokenizer&&) noexcept;
  ~SentencePieceTokenizer() override;

  std::vector<int32_t> encode(std::string_view text) const override;
  std::string decode(std::span<const int32_t> ids) const override;  ///< unk is shown
  int64_t vocab_size() const override;
  std::string piece(int32_t id) const override;
  const SpecialIds& special_ids() const override;
  Framing framing() const override;
  /// mBART-50's, "[src] X </s>" and "[tgt] X </s>", for languages that it has symbols of; a side without one is plain.
  Framing framing_for(const Languages& languages) const override;
  int32_t find(std::string_view piece) const override;
  bool starts_word(int32_t id) const override;
  uint64_t fingerprint() const override;
  void save(const std::filesystem::path& folder) const override;

 private:
  struct Impl;
  explicit SentencePieceTokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowbit
