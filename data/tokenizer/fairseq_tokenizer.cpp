#include "data/tokenizer/fairseq_tokenizer.h"

#include <xxhash.h>

#include "core/error.h"
#include "core/files/atomic.h"
#include "data/text/utf8.h"
#include "data/tokenizer/sentencepiece_model.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSpaceMark = "\u2581", kContinued = "@@";

enum class Marks : uint8_t { none, spaces, continued };

/// How the program that made the pieces marks words, as most of the symbols tell.
Marks marks_of(const FairseqDictionary& dictionary) {
  int64_t spaces = 0, continued = 0;
  for (int32_t id = 0; id < dictionary.size(); ++id) {
    spaces += dictionary.symbol(id).starts_with(kSpaceMark);
    continued += dictionary.symbol(id).ends_with(kContinued);
  }
  if (spaces == 0 && continued == 0) return Marks::none;
  return spaces >= continued ? Marks::spaces : Marks::continued;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

}  // namespace

struct FairseqTokenizer::Impl {
  FairseqDictionary dictionary;
  Marks marks = Marks::none;
  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor;
  std::string model;  // the file's bytes
};

FairseqTokenizer::FairseqTokenizer(FairseqDictionary dictionary, const fs::path& model)
    : impl_(new Impl{std::move(dictionary), Marks::none, nullptr, ""}) {
  impl_->marks = marks_of(impl_->dictionary);
  if (model.empty()) return;
  impl_->model = read_tokenizer_file(model);
  impl_->processor = std::make_unique<sentencepiece::SentencePieceProcessor>();
  load_processor(*impl_->processor, impl_->model, model.string());
  impl_->marks = Marks::spaces;
}

FairseqTokenizer::~FairseqTokenizer() = default;

std::vector<int32_t> FairseqTokenizer::encode(std::string_view text) const {
  std::string pieces;
  if (impl_->processor) {
    for (const std::string& piece : encode_as_text(*impl_->processor, text)) pieces.append(piece).push_back(' ');
    text = pieces;
  }
  std::vector<int32_t> ids;
  for (const std::string_view symbol : split_words(text)) ids.push_back(impl_->dictionary.id(symbol));
  return ids;
}

std::string FairseqTokenizer::decode(std::span<const int32_t> ids) const {
  const SpecialIds& special = special_ids();
  std::string text;
  for (const int32_t id : ids) {
    LB_CHECK(id >= 0 && id < vocab_size(), "tokenizer", "id {} is outside the vocabulary of {}", id, vocab_size());
    if (id == special.bos || id == special.pad || id == special.eos) continue;
    text.append(impl_->dictionary.symbol(id)).push_back(' ');
  }
  if (impl_->marks == Marks::spaces) text = replaced(replaced(text, " ", ""), kSpaceMark, " ");
  if (impl_->marks == Marks::continued) text = replaced(text, "@@ ", "");
  return std::string(strip(text));
}

int64_t FairseqTokenizer::vocab_size() const { return impl_->dictionary.size(); }
std::string FairseqTokenizer::piece(int32_t id) const { return impl_->dictionary.symbol(id); }
const SpecialIds& FairseqTokenizer::special_ids() const { return impl_->dictionary.special_ids(); }

Framing FairseqTokenizer::framing_for(const Languages& languages) const {
  refuse_languages(languages, FairseqDictionary::kFile);
  return framing();
}

int32_t FairseqTokenizer::find(std::string_view piece) const {
  return impl_->dictionary.has(piece) ? impl_->dictionary.id(piece) : -1;
}

bool FairseqTokenizer::starts_word(int32_t id) const {
  const SpecialIds& special = special_ids();
  return impl_->marks != Marks::spaces || id == special.bos || id == special.pad || id == special.eos ||
         id == special.unk || piece(id).starts_with(kSpaceMark);
}

uint64_t FairseqTokenizer::fingerprint() const {
  std::string all = impl_->model;
  for (int32_t id = 0; id < impl_->dictionary.size(); ++id) all.append(impl_->dictionary.symbol(id)).push_back('\n');
  return XXH3_64bits(all.data(), all.size());
}

void FairseqTokenizer::save(const fs::path& folder) const {
  write_file_atomically((folder / FairseqDictionary::kFile).string(), impl_->dictionary.text());
  if (impl_->processor) write_file_atomically((folder / kModel).string(), impl_->model);
}

}  // namespace lowbit
