#include "apps/lib/train/text_task.h"

#include <filesystem>
#include <functional>
#include <optional>

#include "apps/lib/log/log.h"
#include "apps/lib/model/model_folder.h"
#include "core/error.h"
#include "data/corpus/documents.h"
#include "data/corpus/fairseq_data.h"
#include "data/denoise/blocks.h"
#include "data/denoise/denoising.h"
#include "data/tokenizer/open_tokenizer.h"
#include "data/tokenizer/sentencepiece_tokenizer.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

/// What a new vocabulary is learned from.
struct TrainingText {
  std::vector<std::string> lines, symbols;
};

std::unique_ptr<Tokenizer> choose_tokenizer(const TrainOptions& train, const std::function<TrainingText()>& text) {
  const DataOptions& options = train.data;
  const Languages& languages = options.languages;
  const std::string& start = start_of(train);
  const int64_t rows = start.empty() ? -1 : read_model_config(start).vocab;
  if (!options.tokenizer.empty()) {
    auto named = open_tokenizer(options.tokenizer, rows, languages);
    LB_REQUIRE(named, ErrorKind::model, "train", "{}: neither a tokenizer nor a folder with one", options.tokenizer);
    return named;
  }
  if (!start.empty()) {
    const std::string folder = resolve_model_folder(start);
    const std::optional<std::string> place = is_foreign_model(start) ? folder : find_tokenizer(folder);
    if (place)
      if (auto its = open_tokenizer(*place, rows, languages)) return its;
  }
  if (auto prepared = open_tokenizer(options.dir, rows, languages)) {
    if (start.empty() && prepared->vocab_size() != options.vocab_size)
      log_info("the vocabulary of {} pieces that is in {}; data.vocab_size={} is for a corpus without one",
               prepared->vocab_size(), options.dir, options.vocab_size);
    return prepared;
  }
  LB_REQUIRE(start.empty(), ErrorKind::usage, "train",
             "{}: the model has no tokenizer beside it, and a new vocabulary would not fit its rows; give "
             "data.tokenizer, the one that it was trained with",
             start);
  const TrainingText learned = text();
  log_info("training a joint vocabulary of {} pieces on {} lines", options.vocab_size, learned.lines.size());
  auto tokenizer = std::make_unique<SentencePieceTokenizer>(
      SentencePieceTokenizer::train(learned.lines, {.vocab_size = options.vocab_size, .symbols = learned.symbols}));
  tokenizer->save(options.dir);
  return tokenizer;
}

std::vector<std::string> text_names(const TrainOptions& options, const std::string& part) {
  if (options.denoise.languages.empty()) return {part + ".txt"};
  std::vector<std::string> names;
  for (const std::string& language : options.denoise.languages)
    names.push_back(fmt::format("{}.{}.txt", part, language));
  return names;
}

std::vector<LanguageDocuments> read_corpus(const TrainOptions& options, const std::string& part) {
  std::vector<LanguageDocuments> corpus;
  for (const std::string& name : text_names(options, part))
    corpus.push_back({"", read_documents(fs::path(options.data.dir) / name)});
  for (size_t i = 0; i < options.denoise.languages.size(); ++i) corpus[i].language = options.denoise.languages[i];
  return corpus;
}

TextTask load_denoising(const TrainOptions& options) {
  const std::vector<LanguageDocuments> train = read_corpus(options, "train"), dev = read_corpus(options, "dev");
  TextTask task;
  task.tokenizer = choose_tokenizer(options, [&] {
    TrainingText text{.symbols = {"<mask>"}};
    for (const LanguageDocuments& part : train) {
      if (!part.language.empty()) text.symbols.push_back(language_symbol(part.language));
      for (const Document& document : part.documents)
        text.lines.insert(text.lines.end(), document.begin(), document.end());
    }
    return text;
  });
  const Tokenizer& tokenizer = *task.tokenizer;
  const BlockOptions blocks{.tokens_per_sample = options.denoise.tokens_per_sample,
                            .sampling_alpha = options.denoise.sampling_alpha,
                            .seed = static_cast<uint64_t>(options.seed)};
  BlockOptions dev_blocks = blocks;
  dev_blocks.sampling_alpha = 1;  // as it is
  task.noise.emplace(options.denoise.noise, noise_vocabulary(tokenizer, !options.denoise.languages.empty()));
  task.train = cut_blocks(train, tokenizer, blocks);
  task.dev = noised_dataset(cut_blocks(dev, tokenizer, dev_blocks), *task.noise, blocks.seed, blocks.tokens_per_sample,
                            tokenizer.special_ids());
  log_info("{} training blocks with {} tokens, {} dev blocks, {} pieces", task.train.size(), task.train.target.tokens(),
           task.dev.size(), tokenizer.vocab_size());
  return task;
}

void log_rows(const TextTask& task) {
  log_info("{} training rows with {} target tokens, {} dev rows, {} pieces", task.train.size(),
           task.train.target.tokens(), task.dev.size(), task.tokenizer->vocab_size());
}

/// The ids are there already, and so must be what made them.
TextTask load_binarised(const TrainOptions& options) {
  TextTask task;
  task.tokenizer = choose_tokenizer(options, [&]() -> TrainingText {
    fail(ErrorKind::data, "train", "{}: no dict.LANGUAGE.txt, as fairseq-preprocess writes it", options.data.dir);
  });
  const auto read = [&](const char* split) {
    return FairseqData(options.data.dir, split, options.data.languages, *task.tokenizer);
  };
  task.train = read("train").dataset();
  const FairseqData dev = read("valid");
  task.dev = dev.dataset();
  task.dev_text = dev.text();
  log_rows(task);
  return task;
}

TextTask load_prepared(const TrainOptions& options) {
  const fs::path dir = options.data.dir;
  const ParallelText train = read_parallel_tsv(dir / "train.tsv", columns_of(options.data));
  TextTask task{.dev_text = read_parallel_tsv(dir / "dev.tsv", columns_of(options.data))};
  const std::string& source_language = options.data.languages.source;
  task.tokenizer = choose_tokenizer(options, [&] {
    TrainingText text{.lines = train.source};
    text.lines.insert(text.lines.end(), train.target.begin(), train.target.end());
    for (const std::string& language : languages_of(train)) text.symbols.push_back(language_symbol(language));
    if (!text.symbols.empty() && !source_language.empty()) text.symbols.push_back(language_symbol(source_language));
    return text;
  });
  task.train = tokenize(train, *task.tokenizer, source_language);
  task.dev = tokenize(task.dev_text, *task.tokenizer, source_language);
  log_rows(task);
  return task;
}

}  // namespace

void expect_corpus_folder(const char* option, const std::string& folder) {
  LB_REQUIRE(!fs::is_regular_file(folder), ErrorKind::usage, option,
             "{0} is a file, and the folder of a corpus is wanted: `lowbit prepare tsv {0} --out DIR` makes one",
             folder);
}

std::vector<std::string> task_files(const TrainOptions& options) {
  if (options.data.task == TrainTask::seq2seq)
    return FairseqData::in(options.data.dir) ? std::vector<std::string>()
                                             : std::vector<std::string>{"train.tsv", "dev.tsv"};
  std::vector<std::string> names = text_names(options, "train"), dev = text_names(options, "dev");
  names.insert(names.end(), dev.begin(), dev.end());
  return names;
}

TextTask load_text_task(const TrainOptions& options) {
  if (options.data.task == TrainTask::denoising) return load_denoising(options);
  return FairseqData::in(options.data.dir) ? load_binarised(options) : load_prepared(options);
}

}  // namespace lowbit
