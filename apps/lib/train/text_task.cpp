#include "apps/lib/train/text_task.h"

#include <filesystem>
#include <functional>

#include "apps/lib/log/log.h"
#include "apps/lib/model/model_folder.h"
#include "core/error.h"
#include "data/corpus/fairseq_data.h"
#include "data/tokenizer/open_tokenizer.h"
#include "data/tokenizer/sentencepiece_tokenizer.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Tokenizer> choose_tokenizer(const DataOptions& options, const std::string& start,
                                            const std::function<ParallelText()>& train) {
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
  const ParallelText text = train();
  log_info("training a joint vocabulary of {} pieces on {} rows", options.vocab_size, text.size());
  std::vector<std::string> texts = text.source;
  texts.insert(texts.end(), text.target.begin(), text.target.end());
  auto tokenizer = std::make_unique<SentencePieceTokenizer>(
      SentencePieceTokenizer::train(texts, {.vocab_size = options.vocab_size}));
  tokenizer->save(options.dir);
  return tokenizer;
}

TextTask load_prepared(const DataOptions& options, const std::string& start) {
  const fs::path dir = options.dir;
  const ParallelText train = read_parallel_tsv(dir / "train.tsv");
  TextTask task;
  task.dev_text = read_parallel_tsv(dir / "dev.tsv");
  task.tokenizer = choose_tokenizer(options, start, [&] { return train; });
  task.train = tokenize(train, *task.tokenizer);
  task.dev = tokenize(task.dev_text, *task.tokenizer);
  return task;
}

/// The ids are there already, and so must be what made them.
TextTask load_binarised(const DataOptions& options, const std::string& start) {
  TextTask task;
  task.tokenizer = choose_tokenizer(options, start, [&]() -> ParallelText {
    fail(ErrorKind::data, "train", "{}: no dict.LANGUAGE.txt, as fairseq-preprocess writes it", options.dir);
  });
  const auto read = [&](const char* split) {
    return FairseqData(options.dir, split, options.languages, *task.tokenizer);
  };
  task.train = read("train").dataset();
  const FairseqData dev = read("valid");
  task.dev = dev.dataset();
  task.dev_text = dev.text();
  return task;
}

}  // namespace

TextTask load_text_task(const DataOptions& options, const std::string& start) {
  TextTask task = FairseqData::in(options.dir) ? load_binarised(options, start) : load_prepared(options, start);
  log_info("{} training rows with {} target tokens, {} dev rows, {} pieces", task.train.size(),
           task.train.target.tokens(), task.dev.size(), task.tokenizer->vocab_size());
  return task;
}

}  // namespace lowbit
