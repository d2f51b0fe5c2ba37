#include "data/corpus/summaries.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_set>

#include "core/error.h"
#include "data/prepare/clean.h"
#include "data/prepare/prepare.h"
#include "data/prepare/write.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using Rows = std::vector<SummaryRow>;

struct Parts {
  Rows train, dev, test;
  int64_t unlisted = 0;  ///< rows that the lists of ids do not have
};

Rows read(const PrepareSummariesOptions& options, const fs::path& input) {
  switch (options.layout) {
    case SummaryLayout::jsonl:
      return read_summary_jsonl(input, options.fields);
    case SummaryLayout::story:
      return read_stories(input);
    case SummaryLayout::xsum:
      return read_xsum(input);
    case SummaryLayout::lines:
      break;
  }
  fail(ErrorKind::internal, "prepare", "{} is no single input", input.string());
}

Rows read_lines_of(const fs::path& folder, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (fs::exists(folder / fmt::format("{}.source", name)))
      return read_summary_lines(folder / fmt::format("{}.source", name), folder / fmt::format("{}.target", name));
  fail(ErrorKind::data, "prepare", "{}: no {}.source", folder.string(), *names.begin());
}

/// XSum's lists of ids.
Parts parts_by_ids(Rows rows, const fs::path& split) {
  const std::string text = fmt::format("{}", fmt::join(read_lines(split), "\n"));
  const nlohmann::json lists = nlohmann::json::parse(text, nullptr, false);
  const auto ids = [&](const char* name) {
    LB_REQUIRE(lists.is_object() && lists.contains(name) && lists.at(name).is_array(), ErrorKind::data, "prepare",
               "{}: no list '{}' of ids", split.string(), name);
    std::unordered_set<std::string> found;
    for (const auto& id : lists.at(name)) found.insert(id.is_string() ? id.get<std::string>() : id.dump());
    return found;
  };
  const auto train = ids("train"), dev = ids("validation"), test = ids("test");
  Parts parts;
  for (SummaryRow& row : rows) {
    if (train.contains(row.id))
      parts.train.push_back(std::move(row));
    else if (dev.contains(row.id))
      parts.dev.push_back(std::move(row));
    else if (test.contains(row.id))
      parts.test.push_back(std::move(row));
    else
      ++parts.unlisted;
  }
  return parts;
}

std::optional<Parts> given_parts(const PrepareSummariesOptions& options) {
  if (options.layout == SummaryLayout::lines) {
    const fs::path& folder = options.inputs[0];
    return Parts{read_lines_of(folder, {"train"}), read_lines_of(folder, {"val", "valid", "validation", "dev"}),
                 read_lines_of(folder, {"test"})};
  }
  if (options.layout == SummaryLayout::jsonl && options.inputs.size() == 3)
    return Parts{read(options, options.inputs[0]), read(options, options.inputs[1]), read(options, options.inputs[2])};
  if (options.layout == SummaryLayout::xsum && !options.lists_of_ids.empty())
    return parts_by_ids(read(options, options.inputs[0]), options.lists_of_ids);
  return std::nullopt;
}

std::vector<AlignedRow> cleaned(const Rows& rows, const PrepareSummariesOptions& options, SplitCorpus& corpus) {
  std::vector<AlignedRow> result;
  for (const SummaryRow& row : rows) {
    AlignedRow aligned{"summaries", clean(fs::path(row.id).filename().string()), clean(row.document),
                       clean(row.summary)};
    if (aligned.source.empty() || aligned.target.empty()) {
      LB_REQUIRE(options.skip_empty, ErrorKind::data, "prepare",
                 "{}: the {} is empty; mend it, or leave such rows out with --skip-empty", row.id,
                 aligned.source.empty() ? "document" : "summary");
      ++corpus.rejected["empty"];
      continue;
    }
    result.push_back(std::move(aligned));
  }
  OriginCounts& counts = corpus.origins["summaries"];
  counts.raw += std::ssize(rows);
  counts.kept += std::ssize(result);
  return result;
}

}  // namespace

SplitCorpus prepare_summaries(const PrepareSummariesOptions& options) {
  SplitCorpus corpus;
  if (const std::optional<Parts> parts = given_parts(options)) {
    corpus.train = cleaned(parts->train, options, corpus);
    corpus.dev = cleaned(parts->dev, options, corpus);
    corpus.test = cleaned(parts->test, options, corpus);
    if (parts->unlisted > 0) corpus.rejected["in no list"] = parts->unlisted;
    corpus.dev_pool = std::ssize(corpus.dev), corpus.test_pool = std::ssize(corpus.test);
  } else {
    Rows all;
    for (const fs::path& input : options.inputs)
      for (SummaryRow& row : read(options, input)) all.push_back(std::move(row));
    std::vector<AlignedRow> rows = cleaned(all, options, corpus);
    const std::map<std::string, int64_t> rejected = corpus.rejected;
    corpus = split_corpus(std::move(rows), for_summaries(options.split));
    for (const auto& [reason, count] : rejected) corpus.rejected[reason] += count;
  }
  std::vector<std::string> provenance;
  for (const fs::path& input : options.inputs) provenance.push_back(input.filename().string());
  write_split_corpus(corpus, options.out, provenance);
  return corpus;
}

}  // namespace lowbit
