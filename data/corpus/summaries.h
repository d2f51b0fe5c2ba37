#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/corpus/parallel_text.h"

namespace lowbit {

/// A document and its summary, as a corpus of summaries has them on disk.
struct SummaryRow {
  std::string id;  ///< of the corpus: a file's stem, or "FILE, line N"
  std::string document, summary;
};

/// CNN/DailyMail as it is distributed: a file HASH.story holds the article, then each highlight behind a line
/// "@highlight". Highlights become sentences of one summary; one without a final mark gets a full stop. Rows in the
/// order of the file names. Errors (data): no such file, or one without a highlight.
std::vector<SummaryRow> read_stories(const std::filesystem::path& folder);

/// XSum as it is distributed: ID.summary with the sections [SN]FIRST-SENTENCE[SN] (the summary) and [SN]RESTBODY[SN];
/// or ID.document beside ID.summary. Errors (data): no such file, a section or a partner that is missing.
std::vector<SummaryRow> read_xsum(const std::filesystem::path& folder);

/// One object a line, with the fields given, or when those are empty those of the first line that Hugging Face's data
/// sets use: document and summary, article and highlights, text and summary. Errors: those of read_parallel_jsonl;
/// (data) none of these pairs is there.
std::vector<SummaryRow> read_summary_jsonl(const std::filesystem::path& path, const JsonFields& fields);

/// Two line-aligned files, as train.source and train.target. Errors: those of read_parallel_lines.
std::vector<SummaryRow> read_summary_lines(const std::filesystem::path& source, const std::filesystem::path& target);

}  // namespace lowbit
