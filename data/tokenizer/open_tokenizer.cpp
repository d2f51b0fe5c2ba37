#include "data/tokenizer/open_tokenizer.h"

#include "data/tokenizer/bart_tokenizer.h"
#include "data/tokenizer/sentencepiece_tokenizer.h"

namespace lowbit {

namespace fs = std::filesystem;

std::unique_ptr<Tokenizer> open_tokenizer(const fs::path& folder, int64_t rows, const Languages& languages) {
  const auto ours = [&](const fs::path& model) {
    return std::make_unique<SentencePieceTokenizer>(SentencePieceTokenizer::load(model, languages));
  };
  if (fs::is_regular_file(folder)) return ours(folder);
  const fs::path model = folder / SentencePieceTokenizer::kFile;
  if (fs::exists(model)) {
    if (MbartTokenizer::has_its_ids(model)) return MbartTokenizer::load(folder, rows, languages);
    return ours(model);
  }
  if (fs::exists(folder / BartTokenizer::kVocabulary) || fs::exists(folder / BartTokenizer::kJson))
    return BartTokenizer::load(folder);
  return nullptr;
}

std::vector<fs::path> tokenizer_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const char* name :
       {SentencePieceTokenizer::kFile, BartTokenizer::kVocabulary, BartTokenizer::kMerges, BartTokenizer::kJson})
    if (fs::exists(folder / name)) files.push_back(folder / name);
  return files;
}

}  // namespace lowbit
