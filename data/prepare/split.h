#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/prepare/filters.h"

namespace lowbit {

/// A cleaned pair and where it comes from. Rows of one document never reach two splits.
struct AlignedRow {
  std::string origin;    ///< collection, as ddtp: scores can be given per origin
  std::string document;  ///< key of the split, as the source package
  std::string source, target;
  std::string language = {};  ///< of the target, in a corpus of several
};

struct SplitOptions {
  FilterOptions filter = {};
  double test_share = 0.03, dev_share = 0.03;               ///< of the documents
  int64_t test_rows = 500, dev_rows = 500;                  ///< at most, of each language
  int64_t max_per_source = 2;                               ///< translations of one source text
  int64_t max_per_target = 0;                               ///< sources of one target text; 0: any number
  int64_t max_per_template = 8;                             ///< rows filled from one template (1 in dev and test)
  int64_t max_per_document = 60;                            ///< rows of one document in dev, and in test
  int64_t min_held_out_words = 5, max_held_out_words = 60;  ///< source words of a dev or test row
};

/// For documents and their summaries: texts of any length, a summary may say the words of its document, every text
/// once, one row of a document in dev and test. Shares and numbers of rows are kept.
SplitOptions for_summaries(SplitOptions options);

struct OriginCounts {
  int64_t raw = 0, kept = 0;  ///< rows read, left by the filters
  std::optional<int64_t>
      deduplicated;  ///< left by dedupe and template cap; unset where parts were given and stay whole
};

struct SplitCorpus {
  std::vector<AlignedRow> train, dev, test;
  int64_t dev_pool = 0,
          test_pool = 0;  ///< rows that passed the leakage checks, before the cut to dev_rows and test_rows
  std::map<std::string, OriginCounts> origins;
  std::map<std::string, int64_t> rejected;  ///< by reason: a Rejection, duplicate, template, or leak of a held-out row
};

/// Position of a document in [0, 1): the first 64 bits of SHA-256("lowbit-v1" NUL key). Test takes the lowest
/// test_share, dev the next dev_share, so that a later version of a corpus moves few documents and all languages agree.
double document_position(std::string_view key);

/// Filters, deduplicates, caps templates, splits by document, then drops the dev and test rows whose source, target or
/// template occurs in train or that share more than half of their word 5-grams with it. A function of rows and options
/// alone.
SplitCorpus split_corpus(std::vector<AlignedRow> rows, const SplitOptions& options);

}  // namespace lowbit
