#include "data/prepare/write.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/files/atomic.h"
#include "data/prepare/clean.h"
#include "data/prepare/sha256.h"

namespace lowbit {
namespace {

using Json = nlohmann::ordered_json;

std::string as_tsv(const std::vector<AlignedRow>& rows) {
  std::string text;
  for (const AlignedRow& row : rows)
    text += fmt::format("{}\t{}\t{}{}{}\t{}\n", row.origin, row.document, row.language,
                        row.language.empty() ? "" : "\t", row.source, row.target);
  return text;
}

Json statistics(const std::vector<AlignedRow>& rows, std::string_view tsv) {
  std::set<std::string_view> documents;
  std::map<std::string, int64_t> by_origin;
  std::vector<int64_t> lengths;
  int64_t source_tokens = 0, target_tokens = 0;
  for (const AlignedRow& row : rows) {
    documents.insert(row.document);
    ++by_origin[row.origin];
    lengths.push_back(count_text_tokens(row.source));
    source_tokens += lengths.back();
    target_tokens += count_text_tokens(row.target);
  }
  std::sort(lengths.begin(), lengths.end());
  const auto quantile = [&](double q) {
    return lengths.empty() ? 0 : lengths[static_cast<size_t>(q * static_cast<double>(lengths.size()))];
  };
  const double mean = rows.empty() ? 0 : static_cast<double>(source_tokens) / static_cast<double>(rows.size());
  return {{"rows", rows.size()},
          {"documents", documents.size()},
          {"source_tokens", source_tokens},
          {"target_tokens", target_tokens},
          {"source_tokens_mean", std::round(10 * mean) / 10},
          {"source_tokens_median", quantile(0.5)},
          {"source_tokens_p95", quantile(0.95)},
          {"by_origin", by_origin},
          {"sha256", to_hex(Sha256().update(tsv).digest())}};
}

}  // namespace

void write_split_corpus(const SplitCorpus& corpus, const std::filesystem::path& out,
                        const std::vector<std::string>& provenance, const std::map<std::string, std::string>& texts) {
  if (corpus.train.empty()) {
    std::vector<std::string> reasons;
    for (const auto& [reason, count] : corpus.rejected)
      if (count > 0) reasons.push_back(fmt::format("{} by \"{}\"", count, reason));
    fail(ErrorKind::data, "prepare",
         "no row of {} is left to train on; rejected: {} (data/README.md says by what rules)",
         fmt::join(provenance, ", "), reasons.empty() ? "none" : fmt::format("{}", fmt::join(reasons, ", ")));
  }
  std::error_code error;
  std::filesystem::create_directories(out, error);
  LB_REQUIRE(!error, ErrorKind::data, "prepare", "cannot make the folder {}: {}", out.string(), error.message());
  Json stats = {{"format", "lowbit-v1"}, {"provenance", provenance}};
  for (const auto& [origin, counts] : corpus.origins) {
    stats["origins"][origin] = {{"raw", counts.raw}, {"kept", counts.kept}};
    if (counts.deduplicated) stats["origins"][origin]["deduplicated"] = *counts.deduplicated;
  }
  stats["rejected"] = corpus.rejected;
  stats["test_pool"] = corpus.test_pool;
  stats["dev_pool"] = corpus.dev_pool;
  const std::pair<const char*, const std::vector<AlignedRow>*> parts[] = {
      {"train", &corpus.train}, {"dev", &corpus.dev}, {"test", &corpus.test}};
  std::deque<AtomicFile> files;
  const auto add = [&](const std::string& name, std::string_view text) {
    files.emplace_back((out / name).string()).write(text);
  };
  for (const auto& [name, rows] : parts) {
    const std::string tsv = as_tsv(*rows);
    stats[name] = statistics(*rows, tsv);
    add(fmt::format("{}.tsv", name), tsv);
  }
  for (const auto& [name, text] : texts) {
    stats[name] = {{"lines", std::count(text.begin(), text.end(), '\n')},
                   {"sha256", to_hex(Sha256().update(text).digest())}};
    add(name, text);
  }
  add("stats.json", stats.dump(1) + "\n");
  // Nothing is renamed before all is written, and train.tsv, without which nothing starts, is the last: where it
  // stands, the rest is of the same corpus.
  std::filesystem::remove(out / "train.tsv", error);
  for (auto file = files.rbegin(); file != files.rend(); ++file) file->commit();
}

}  // namespace lowbit
