#include "data/tokenizer/open_tokenizer.h"

#include "core/error.h"
#include "data/tokenizer/bart_tokenizer.h"
#include "data/tokenizer/fairseq_bpe.h"
#include "data/tokenizer/fairseq_tokenizer.h"
#include "data/tokenizer/sentencepiece_tokenizer.h"

namespace lowbit {

namespace fs = std::filesystem;

namespace {

/// By Hugging Face's name or fairseq's; empty: neither is there.
fs::path sentencepiece_file(const fs::path& folder) {
  for (const char* name : {SentencePieceTokenizer::kFile, FairseqTokenizer::kModel})
    if (fs::exists(folder / name)) return folder / name;
  return {};
}

/// With fairseq's dictionary, which says the ids.
std::unique_ptr<Tokenizer> open_with(FairseqDictionary dictionary, const fs::path& folder, int64_t rows,
                                     const Languages& languages) {
  const fs::path model = sentencepiece_file(folder);
  if (!model.empty() && MbartTokenizer::fits(dictionary, model, rows))
    return MbartTokenizer::load(model, rows, languages);
  dictionary.fit(rows);
  if (const Gpt2Files gpt2 = find_gpt2_files(folder); gpt2.complete()) {
    std::optional<BpeFiles> composed = compose_fairseq_bpe(gpt2, dictionary);
    if (!composed) return BartTokenizer::load(folder);
    return BartTokenizer::make(std::move(*composed), gpt2.vocabulary.string(), gpt2.merges.string(),
                               BartTokenizer::Start::bos);
  }
  return std::make_unique<FairseqTokenizer>(std::move(dictionary), model);
}

}  // namespace

std::unique_ptr<Tokenizer> open_tokenizer(const fs::path& folder, int64_t rows, const Languages& languages) {
  const auto ours = [&](const fs::path& model) {
    return std::make_unique<SentencePieceTokenizer>(SentencePieceTokenizer::load(model, languages));
  };
  if (fs::is_regular_file(folder)) return ours(folder);
  if (const fs::path dictionary = FairseqDictionary::find(folder); !dictionary.empty())
    return open_with(FairseqDictionary(dictionary), folder, rows, languages);
  if (const fs::path model = sentencepiece_file(folder); !model.empty()) {
    if (MbartTokenizer::has_its_ids(model)) return MbartTokenizer::load(model, rows, languages);
    return ours(model);
  }
  if (fs::exists(folder / BartTokenizer::kVocabulary)) return BartTokenizer::load(folder);
  if (const fs::path json = folder / BartTokenizer::kJson; fs::exists(json)) {
    if (auto mbart = MbartTokenizer::load_json(json, languages)) return mbart;
    return BartTokenizer::load(folder);
  }
  const std::vector<fs::path> parts = tokenizer_files(folder);
  LB_REQUIRE(parts.empty(), ErrorKind::model, "tokenizer",
             "{}: a tokenizer has more files, which are missing beside it", parts.front().string());
  return nullptr;
}

std::vector<fs::path> tokenizer_files(const fs::path& folder) {
  std::vector<fs::path> files = FairseqDictionary::files(folder);
  for (const char* name : {SentencePieceTokenizer::kFile, FairseqTokenizer::kModel, BartTokenizer::kVocabulary,
                           BartTokenizer::kMerges, "encoder.json", "vocab.bpe", BartTokenizer::kJson})
    if (fs::exists(folder / name)) files.push_back(folder / name);
  return files;
}

}  // namespace lowbit
