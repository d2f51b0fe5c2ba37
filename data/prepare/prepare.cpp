#include "data/prepare/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "data/corpus/parallel_text.h"
#include "data/corpus/tsv.h"
#include "data/prepare/clean.h"
#include "data/prepare/synopses.h"
#include "data/prepare/write.h"
#include "data/text/text_file.h"

namespace lowbit {
namespace {

SplitCorpus split_and_write(std::vector<AlignedRow> rows, const SplitOptions& split, const std::filesystem::path& out,
                            const std::vector<std::string>& provenance) {
  SplitCorpus corpus = split_corpus(std::move(rows), split);
  write_split_corpus(corpus, out, provenance);
  return corpus;
}

/// A row of a user's own corpus. Without document keys, equal source texts are one document, so they share a split.
AlignedRow make_row(const std::string& origin, std::string_view document, std::string_view source,
                    std::string_view target) {
  AlignedRow row{origin, "", clean(source), clean(target)};
  row.document = fmt::format("{}:{}", origin, document.empty() ? dedupe_key(row.source) : clean(document));
  return row;
}

std::string name_of(const std::string& origin, const std::filesystem::path& file) {
  return origin.empty() ? file.stem().string() : origin;
}

}  // namespace

SplitCorpus prepare_ddtp(const PrepareDdtpOptions& options) {
  std::vector<AlignedRow> rows;
  for (const std::string& language : options.languages) {
    for (DdtpSegment& segment : read_ddtp(options.lists, language)) {
      const bool wanted =
          options.kinds.empty() || std::count(options.kinds.begin(), options.kinds.end(), segment.kind) > 0;
      if (wanted)
        rows.push_back({"ddtp", "ddtp:" + segment.source_package, std::move(segment.source), std::move(segment.target),
                        options.languages.size() > 1 ? language : ""});
    }
  }
  return split_and_write(std::move(rows), options.split, options.out, release_dates(options.lists));
}

SplitCorpus prepare_synopses(const PrepareSynopsesOptions& options) {
  const std::vector<SynopsisRow> all = read_synopses(options.lists, options.language);
  const auto document = [](const SynopsisRow& row) { return "ddtp:" + row.source_package; };  // as in translations
  std::map<std::string, int64_t> rejected;
  std::vector<AlignedRow> rows;
  for (const SynopsisRow& row : select_synopses(all, rejected))
    rows.push_back({"debsyn", document(row), row.text, row.synopsis});
  SplitCorpus corpus = split_corpus(std::move(rows), for_summaries(options.split));
  for (const auto& [reason, count] : rejected) corpus.rejected[reason] += count;

  std::set<std::string> held_out;  // texts that another package may have word for word
  for (const auto* part : {&corpus.dev, &corpus.test})
    for (const AlignedRow& row : *part) held_out.insert(dedupe_key(row.source));
  std::map<std::string, std::string> texts = {{"train.txt", ""}, {"dev.txt", ""}};
  for (const SynopsisRow& row : all) {
    const double position = document_position(document(row));
    const bool is_train = position >= options.split.test_share + options.split.dev_share;
    if (position < options.split.test_share || (is_train && held_out.contains(dedupe_key(row.text)))) continue;
    texts[is_train ? "train.txt" : "dev.txt"] += fmt::format("{}\n\n", fmt::join(row.sentences, "\n"));
  }
  write_split_corpus(corpus, options.out, release_dates(options.lists), texts);
  return corpus;
}

SplitCorpus prepare_tsv(const PrepareTsvOptions& options) {
  const TextFile file = TextFile::read(options.file);
  const std::string origin = name_of(options.origin, options.file);
  std::vector<AlignedRow> rows;
  for (int64_t i = 1; i <= file.lines(); ++i) {
    const auto cells = split_tabs(file.line(i));
    const auto at = [&](int column) { return cell(file, i, cells, column); };
    rows.push_back(make_row(origin, options.document_column == 0 ? "" : at(options.document_column),
                            at(options.source_column), at(options.target_column)));
  }
  return split_and_write(std::move(rows), options.split, options.out, {options.file.filename().string()});
}

SplitCorpus prepare_lines(const PrepareLinesOptions& options) {
  const ParallelText text = read_parallel_lines(options.source, options.target);
  const std::string origin = name_of(options.origin, options.source);
  std::vector<AlignedRow> rows;
  for (size_t i = 0; i < text.source.size(); ++i) rows.push_back(make_row(origin, "", text.source[i], text.target[i]));
  return split_and_write(std::move(rows), options.split, options.out,
                         {options.source.filename().string(), options.target.filename().string()});
}

}  // namespace lowbit
