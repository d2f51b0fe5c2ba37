#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/corpus/parallel_text.h"
#include "data/prepare/ddtp.h"
#include "data/prepare/split.h"

/// The verbs of `lowbit prepare`. Each cleans, filters, deduplicates and splits a corpus without leakage
/// (data/README.md) and writes train.tsv, dev.tsv, test.tsv (origin, document, source, target; of several languages:
/// origin, document, language of the target, source, target) and stats.json (counts,
/// SHA-256 of the files) into `out`. Same input, same bytes. Errors (data): bad input text, no row left to train on, a
/// file that cannot be written.
namespace lowbit {

struct PrepareDdtpOptions {
  std::filesystem::path lists;          ///< what scripts/fetch_ddtp.sh made
  std::vector<std::string> languages;   ///< of the translations: it, de, pt_BR
  std::vector<SegmentKind> kinds = {};  ///< kinds to keep; empty keeps all. The quickstart takes synopses only
  std::filesystem::path out = {};
  SplitOptions split = {};
};
SplitCorpus prepare_ddtp(const PrepareDdtpOptions& options);

/// Summaries: the long description of a package and its synopsis. Beside the rows, the running text for pretraining:
/// train.txt and dev.txt hold the long descriptions of all packages of their split, a sentence a line, an empty line
/// between packages.
struct PrepareSynopsesOptions {
  std::filesystem::path lists;  ///< what scripts/fetch_ddtp.sh made
  std::string language = "en";
  std::filesystem::path out = {};
  SplitOptions split = {};
};
SplitCorpus prepare_synopses(const PrepareSynopsesOptions& options);

enum class SummaryLayout : uint8_t { jsonl, story, xsum, lines };

/// A corpus of summaries as users have it on disk (data/corpus/summaries.h). With splits of its own its rows are
/// cleaned and otherwise left alone; without, they are split here by their ids, and deduplicated.
struct PrepareSummariesOptions {
  SummaryLayout layout = SummaryLayout::jsonl;
  /// jsonl: one file, or those of train, dev and test; story, xsum: folders; lines: a folder with train.source,
  /// train.target and the same of test and of val, valid, validation or dev.
  std::vector<std::filesystem::path> inputs;
  JsonFields fields = {};                   ///< jsonl; empty: found out
  std::filesystem::path lists_of_ids = {};  ///< xsum: a JSON object of the lists of ids train, validation and test
  bool skip_empty = false;  ///< leave out what has no document or no summary; else it is an error (data)
  std::filesystem::path out = {};
  SplitOptions split = {};
};
SplitCorpus prepare_summaries(const PrepareSummariesOptions& options);

struct PrepareTsvOptions {
  std::filesystem::path file;
  int source_column = -2, target_column = -1;  ///< from 1, or from the row's end when negative
  int document_column = 0;                     ///< 0: every source text is a document of its own
  std::string origin = {};                     ///< empty: the file's stem
  std::filesystem::path out = {};
  SplitOptions split = {};
};
SplitCorpus prepare_tsv(const PrepareTsvOptions& options);

struct PrepareLinesOptions {
  std::filesystem::path source, target;  ///< line-aligned files; rows with an empty side are dropped
  std::string origin = {};               ///< empty: the source file's stem
  std::filesystem::path out = {};
  SplitOptions split = {};
};
SplitCorpus prepare_lines(const PrepareLinesOptions& options);

}  // namespace lowbit
