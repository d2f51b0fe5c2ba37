#include "apps/lib/train/text_task.h"

#include <filesystem>

#include "apps/lib/log/log.h"
#include "apps/lib/model/model_folder.h"
#include "core/error.h"
#include "data/tokenizer/open_tokenizer.h"
#include "data/tokenizer/sentencepiece_tokenizer.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Tokenizer> choose_tokenizer(const DataOptions& options, const std::string& start,
                                            const ParallelText& train) {
  const Languages& languages = options.languages;
  const int64_t rows = start.empty() ? -1 : read_model_config(start).vocab;
  if (!options.tokenizer.empty()) {
    auto named = open_tokenizer(options.tokenizer, rows, languages);
    LB_REQUIRE(named, ErrorKind::model, "train", "{}: neither a tokenizer nor a folder with one", options.tokenizer);
    return named;
  }
  if (!start.empty() && is_foreign_model(start))
    if (auto its = open_tokenizer(resolve_model_folder(start), rows, languages)) return its;
  if (auto prepared = open_tokenizer(options.dir, rows, languages)) return prepared;
  log_info("training a joint vocabulary of {} pieces on {} rows", options.vocab_size, train.size());
  std::vector<std::string> texts = train.source;
  texts.insert(texts.end(), train.target.begin(), train.target.end());
  auto tokenizer = std::make_unique<SentencePieceTokenizer>(
      SentencePieceTokenizer::train(texts, {.vocab_size = options.vocab_size}));
  tokenizer->save(options.dir);
  return tokenizer;
}

}  // namespace

TextTask load_text_task(const DataOptions& options, const std::string& start) {
  const fs::path dir = options.dir;
  const ParallelText train = read_parallel_tsv(dir / "train.tsv");
  ParallelText dev = read_parallel_tsv(dir / "dev.tsv");
  std::unique_ptr<Tokenizer> tokenizer = choose_tokenizer(options, start, train);
  TokenDataset train_ids = tokenize(train, *tokenizer), dev_ids = tokenize(dev, *tokenizer);
  log_info("{} training rows with {} target tokens, {} dev rows, {} pieces", train_ids.size(),
           train_ids.target.tokens(), dev_ids.size(), tokenizer->vocab_size());
  return {std::move(tokenizer), std::move(train_ids), std::move(dev_ids), std::move(dev)};
}

}  // namespace lowbit
