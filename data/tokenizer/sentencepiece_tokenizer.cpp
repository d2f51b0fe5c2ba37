#include "data/tokenizer/sentencepiece_tokenizer.h"

#include <fmt/format.h>
#include <sentencepiece_trainer.h>
#include <xxhash.h>

#include <algorithm>
#include <unordered_map>

#include "core/error.h"
#include "core/files/atomic.h"
#include "data/tokenizer/sentencepiece_model.h"

namespace lowbit {
namespace {

namespace spm = sentencepiece;

/// What sentencepiece says against a number of pieces, as advice about the option that gave it.
std::string advice(const std::string& reason) {
  const auto number_after = [&](std::string_view mark) {
    const size_t found = reason.find(mark), begin = found + mark.size();
    if (found == std::string::npos) return std::string();
    return reason.substr(begin, reason.find_first_not_of("0123456789", begin) - begin);
  };
  if (const std::string most = number_after("to a value <= "); !most.empty())
    return fmt::format("the texts give fewer: --vocab-size {} at most, or more text", most);
  if (const std::string least = number_after(" vs "); !least.empty())
    return fmt::format("their characters alone take more: --vocab-size {} at least", least);
  return reason;
}

/// Hands the training texts to sentencepiece without a file in between. It takes no text with a tab or line end.
class TextIterator final : public spm::SentenceIterator {
 public:
  explicit TextIterator(std::span<const std::string> texts) : texts_(texts) {}
  bool done() const override { return next_ == texts_.size(); }
  void Next() override { ++next_; }
  const std::string& value() const override { return texts_[next_]; }
  spm::util::Status status() const override { return {}; }

 private:
  std::span<const std::string> texts_;
  size_t next_ = 0;
};

}  // namespace

struct SentencePieceTokenizer::Impl {
  spm::SentencePieceProcessor processor;
  std::string model;  // the file's bytes
  SpecialIds ids;
  Languages languages;

  /// `origin` names the model in messages.
  static std::unique_ptr<Impl> from_bytes(std::string bytes, const std::string& origin) {
    auto impl = std::make_unique<Impl>();
    load_processor(impl->processor, bytes, origin);
    impl->model = std::move(bytes);
    impl->ids = {impl->processor.bos_id(), impl->processor.pad_id(), impl->processor.eos_id(),
                 impl->processor.unk_id()};
    const auto& ids = impl->ids;
    LB_REQUIRE(std::min({ids.bos, ids.pad, ids.eos, ids.unk}) >= 0, ErrorKind::model, "tokenizer",
               "{}: must have bos, pad, eos and unk, but their ids are {}, {}, {}, {} (-1: none)", origin, ids.bos,
               ids.pad, ids.eos, ids.unk);
    return impl;
  }
};

SentencePieceTokenizer::SentencePieceTokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SentencePieceTokenizer::SentencePieceTokenizer(SentencePieceTokenizer&&) noexcept = default;
SentencePieceTokenizer& SentencePieceTokenizer::operator=(SentencePieceTokenizer&&) noexcept = default;
SentencePieceTokenizer::~SentencePieceTokenizer() = default;

SentencePieceTokenizer SentencePieceTokenizer::train(std::span<const std::string> texts,
                                                     const SentencePieceOptions& options) {
  const SpecialIds ids;
  const std::unordered_map<std::string, std::string> arguments = {
      {"control_symbols", fmt::format("{}", fmt::join(options.symbols, ","))},
      {"model_type", options.model == SentencePieceOptions::Model::bpe ? "bpe" : "unigram"},
      {"vocab_size", std::to_string(options.vocab_size)},
      {"character_coverage", fmt::format("{}", options.character_coverage)},
      {"byte_fallback", options.byte_fallback ? "true" : "false"},
      {"normalization_rule_name", options.normalization},
      {"bos_id", std::to_string(ids.bos)},
      {"pad_id", std::to_string(ids.pad)},
      {"eos_id", std::to_string(ids.eos)},
      {"unk_id", std::to_string(ids.unk)},
      {"num_threads", "1"},  // unigram sums in the order of its threads
      {"minloglevel", "3"},
  };
  TextIterator iterator(texts);
  std::string model;
  const auto status = spm::SentencePieceTrainer::Train(arguments, &iterator, &model);
  LB_REQUIRE(status.ok(), ErrorKind::data, "tokenizer", "cannot learn {} pieces from {} texts: {}", options.vocab_size,
             texts.size(), advice(reason(status)));
  return SentencePieceTokenizer(Impl::from_bytes(std::move(model), "the trained vocabulary"));
}

SentencePieceTokenizer SentencePieceTokenizer::load(const std::filesystem::path& path, const Languages& languages) {
  auto impl = Impl::from_bytes(read_tokenizer_file(path), path.string());
  impl->languages = languages;
  return SentencePieceTokenizer(std::move(impl));
}

void SentencePieceTokenizer::save(const std::filesystem::path& folder) const {
  write_file_atomically((folder / kFile).string(), impl_->model);
}

std::vector<int32_t> SentencePieceTokenizer::encode(std::string_view text) const {
  return encode_pieces(impl_->processor, text);
}

std::string SentencePieceTokenizer::decode(std::span<const int32_t> ids) const {
  for (const int32_t id : ids)
    LB_CHECK(id >= 0 && id < vocab_size(), "tokenizer", "id {} is outside the vocabulary of {}", id, vocab_size());
  return decode_pieces(impl_->processor, ids);
}

int64_t SentencePieceTokenizer::vocab_size() const { return impl_->processor.GetPieceSize(); }
std::string SentencePieceTokenizer::piece(int32_t id) const { return impl_->processor.IdToPiece(id); }
const SpecialIds& SentencePieceTokenizer::special_ids() const { return impl_->ids; }
Framing SentencePieceTokenizer::framing() const { return framing_for(impl_->languages); }

Framing SentencePieceTokenizer::framing_for(const Languages& languages) const {
  Framing framing;
  const auto symbol = [&](const std::string& language) {
    const int32_t id = find(language_symbol(language));
    if (id >= 0) return id;
    std::vector<std::string> known;
    for (int32_t i = 0; i < vocab_size(); ++i)
      if (impl_->processor.IsControl(i) && piece(i).starts_with('[')) known.push_back(piece(i));
    fail(ErrorKind::usage, "tokenizer", "the vocabulary has no token for the language '{}'; its languages: {}",
         language, known.empty() ? "none" : fmt::format("{}", fmt::join(known, " ")));
  };
  if (!languages.source.empty()) framing.source_begin = {symbol(languages.source)};
  if (!languages.target.empty()) {
    framing.forced_bos = symbol(languages.target);
    framing.target_begin = {framing.forced_bos};
  }
  return framing;
}

int32_t SentencePieceTokenizer::find(std::string_view piece) const {
  const int32_t id = impl_->processor.PieceToId(piece);
  return id == impl_->ids.unk && piece != this->piece(id) ? -1 : id;
}

bool SentencePieceTokenizer::starts_word(int32_t id) const {
  return impl_->processor.IsControl(id) || impl_->processor.IsUnknown(id) || piece(id).starts_with(kWordMark);
}

uint64_t SentencePieceTokenizer::fingerprint() const { return XXH3_64bits(impl_->model.data(), impl_->model.size()); }

}  // namespace lowbit
