#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizer/special_ids.h"

namespace lowbit {

/// What stands around the pieces of a sequence, as the model learned it. Plain fairseq: "X </s>" on both sides and a
/// decoder that starts with </s>. BART: "<s> X </s>". mBART: language codes before or behind.
struct Framing {
  std::vector<int32_t> source_begin, target_begin;                       ///< before the pieces
  std::vector<int32_t> source_close, target_close;                       ///< between them and the last token
  int32_t source_end = SpecialIds().eos, target_end = SpecialIds().eos;  ///< the last token
  int32_t decoder_start = -1;  ///< first decoder input; -1: what the model says
  int32_t forced_bos = -1;     ///< what generation must say first; -1: nothing
  bool operator==(const Framing&) const = default;
};

/// The two languages of a pair, by their codes: mBART's "en_XX", or those of a vocabulary of ours. Empty: not given.
struct Languages {
  std::string source, target;
};

/// Text to ids and back. Const members may be called from several threads.
class Tokenizer {
 public:
  Tokenizer() = default;
  virtual ~Tokenizer() = default;
  Tokenizer(Tokenizer&&) = default;
  Tokenizer& operator=(Tokenizer&&) = default;

  virtual std::vector<int32_t> encode(std::string_view text) const = 0;  ///< pieces alone; text must be UTF-8
  virtual std::string decode(std::span<const int32_t> ids) const = 0;    ///< special tokens leave no trace
  virtual int64_t vocab_size() const = 0;
  virtual std::string piece(int32_t id) const = 0;
  virtual const SpecialIds& special_ids() const = 0;
  virtual Framing framing() const { return {}; }
  /// That of a pair of languages. Error (usage): no token for one of them, naming those that there are.
  virtual Framing framing_for(const Languages& languages) const = 0;
  virtual int32_t find(std::string_view piece) const = 0;  ///< its id, special tokens too; -1: there is none
  virtual bool starts_word(int32_t id) const = 0;          ///< a special token does
  /// Whether text is cleaned (data/prepare/clean.h) before it is encoded: the pieces were learned from such text.
  virtual bool takes_clean_text() const { return true; }
  /// XXH3 of what defines it: a model remembers which vocabulary its rows belong to.
  virtual uint64_t fingerprint() const = 0;
  /// Writes its files into a folder, each whole or not at all. Error (data): cannot be written.
  virtual void save(const std::filesystem::path& folder) const = 0;
};

/// For tokenizers without languages. Error (usage): a language is given, which `what` has no token for.
void refuse_languages(const Languages& languages, std::string_view what);

/// Sequences without their last token, which the framing names: what begins them, the pieces, what closes them. With
/// `most` >= 0 the pieces are cut so that the whole sequence has at most that many tokens, the last one included.
std::vector<int32_t> encode_source(const Tokenizer& tokenizer, const Framing& framing, std::string_view text,
                                   int64_t most = -1);
std::vector<int32_t> encode_target(const Tokenizer& tokenizer, const Framing& framing, std::string_view text,
                                   int64_t most = -1);
/// In the tokenizer's own framing.
std::vector<int32_t> encode_source(const Tokenizer& tokenizer, std::string_view text, int64_t most = -1);
std::vector<int32_t> encode_target(const Tokenizer& tokenizer, std::string_view text, int64_t most = -1);

/// The whole file. Error (model): it cannot be opened.
std::string read_tokenizer_file(const std::filesystem::path& path);

}  // namespace lowbit
