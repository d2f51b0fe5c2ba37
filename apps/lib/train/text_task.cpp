#include "apps/lib/train/text_task.h"

#include <filesystem>

#include "apps/lib/log/log.h"
#include "apps/lib/model/model_folder.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

SentencePieceTokenizer open_tokenizer(const DataOptions& options, const ParallelText& train) {
  const fs::path path =
      options.tokenizer.empty() ? fs::path(options.dir) / kTokenizerFile : fs::path(options.tokenizer);
  if (!options.tokenizer.empty() || fs::exists(path)) return SentencePieceTokenizer::load(path);
  log_info("training a joint vocabulary of {} pieces on {} rows", options.vocab_size, train.size());
  std::vector<std::string> texts = train.source;
  texts.insert(texts.end(), train.target.begin(), train.target.end());
  SentencePieceTokenizer tokenizer = SentencePieceTokenizer::train(texts, {.vocab_size = options.vocab_size});
  tokenizer.save(path);
  return tokenizer;
}

}  // namespace

TextTask load_text_task(const DataOptions& options) {
  const fs::path dir = options.dir;
  const ParallelText train = read_parallel_tsv(dir / "train.tsv");
  ParallelText dev = read_parallel_tsv(dir / "dev.tsv");
  SentencePieceTokenizer tokenizer = open_tokenizer(options, train);
  TokenDataset train_ids = tokenize(train, tokenizer), dev_ids = tokenize(dev, tokenizer);
  log_info("{} training rows with {} target tokens, {} dev rows, {} pieces", train_ids.size(),
           train_ids.target.tokens(), dev_ids.size(), tokenizer.vocab_size());
  return {std::move(tokenizer), std::move(train_ids), std::move(dev_ids), std::move(dev)};
}

}  // namespace lowbit
