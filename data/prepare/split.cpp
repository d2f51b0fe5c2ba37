#include "data/prepare/split.h"

#include <xxhash.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "data/prepare/clean.h"
#include "data/prepare/python_shuffle.h"
#include "data/prepare/sha256.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

constexpr uint32_t kShuffleSeed = 1;
constexpr size_t kNgram = 5;
constexpr double kMaxSharedNgrams = 0.5;

/// Stands for a text in the sets below. Ten million rows have one collision with a chance of 3e-6.
using TextHash = uint64_t;
TextHash hash(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }
/// The same text in rows of different languages is told apart where rows are counted, not where leaks are looked for.
TextHash in_language(const AlignedRow& row, TextHash text) {
  return row.language.empty() ? text : text ^ hash(row.language);
}

/// A row with its keys for comparison.
struct Candidate {
  AlignedRow row;
  std::string source_key;
  TextHash source, target, pattern;
};

std::unordered_set<TextHash> ngrams(std::string_view source_key) {
  const auto words = split_words(source_key);
  std::unordered_set<TextHash> grams;
  if (words.empty()) return grams;
  for (size_t first = 0; first == 0 || first + kNgram <= words.size(); ++first) {
    const std::string_view last = words[std::min(first + kNgram, words.size()) - 1];
    grams.insert(hash({words[first].data(), static_cast<size_t>(last.data() + last.size() - words[first].data())}));
  }
  return grams;
}

/// What the training set contains, to keep it out of dev and test.
class LeakGuard {
 public:
  explicit LeakGuard(const std::vector<Candidate>& train) {
    for (const Candidate& c : train) {
      sources_.insert(c.source);
      targets_.insert(c.target);
      patterns_.insert(c.pattern);
      ngrams_.merge(ngrams(c.source_key));
    }
  }
  bool leaks(const Candidate& c) const {
    if (sources_.contains(c.source) || targets_.contains(c.target) || patterns_.contains(c.pattern)) return true;
    const auto own = ngrams(c.source_key);
    const auto shared = std::count_if(own.begin(), own.end(), [&](TextHash gram) { return ngrams_.contains(gram); });
    return static_cast<double>(shared) > kMaxSharedNgrams * static_cast<double>(own.size());
  }

 private:
  std::unordered_set<TextHash> sources_, targets_, patterns_, ngrams_;
};

/// Filters, deduplicates and caps row by row; earlier rows win.
class Selector {
 public:
  Selector(const SplitOptions& options, SplitCorpus& corpus) : options_(options), corpus_(corpus) {}

  bool select(AlignedRow&& row, Candidate& selected) {
    OriginCounts& counts = corpus_.origins[row.origin];
    if (++counts.raw == 1) counts.deduplicated = 0;
    if (const Rejection reason = check_pair(row.source, row.target, options_.filter); reason != Rejection::none)
      return reject(to_string(reason));
    ++counts.kept;
    selected.source_key = dedupe_key(row.source);
    const std::string target_key = dedupe_key(row.target);
    selected.source = hash(selected.source_key);
    selected.target = hash(target_key);
    const TextHash pair = in_language(row, hash(selected.source_key + '\0' + target_key));
    const TextHash source = in_language(row, selected.source), target = in_language(row, selected.target);
    if (pairs_.contains(pair) || per_source_[source] >= options_.max_per_source) return reject("duplicate");
    if (options_.max_per_target > 0 && per_target_[target] >= options_.max_per_target) return reject("duplicate");
    pairs_.insert(pair);
    ++per_source_[source];
    ++per_target_[target];
    selected.pattern = hash(template_key(row.source));
    if (int64_t& rows = per_template_[in_language(row, selected.pattern)]; rows < options_.max_per_template)
      ++rows;
    else
      return reject("template");
    ++*counts.deduplicated;
    selected.row = std::move(row);
    return true;
  }

 private:
  bool reject(std::string_view reason) {
    ++corpus_.rejected[std::string(reason)];
    return false;
  }

  const SplitOptions& options_;
  SplitCorpus& corpus_;
  std::unordered_set<TextHash> pairs_;
  std::unordered_map<TextHash, int64_t> per_source_, per_target_, per_template_;
};

/// The rows of dev or test that tell something about generalisation; `used` holds the sources of earlier held-out sets.
std::vector<AlignedRow> held_out_rows(std::vector<Candidate>& candidates, const LeakGuard& train,
                                      const SplitOptions& options, std::unordered_set<TextHash>& used) {
  std::vector<AlignedRow> rows;
  std::unordered_set<TextHash> patterns;
  std::unordered_map<std::string, int64_t> per_document;
  for (Candidate& c : candidates) {
    const auto words = static_cast<int64_t>(split_words(c.row.source).size());
    if (words < options.min_held_out_words || words > options.max_held_out_words) continue;
    const TextHash pattern = in_language(c.row, c.pattern), source = in_language(c.row, c.source);
    int64_t& of_document = per_document[c.row.document + c.row.language];
    if (patterns.contains(pattern) || used.contains(source) || of_document >= options.max_per_document) continue;
    if (train.leaks(c)) continue;
    patterns.insert(pattern);
    used.insert(source);
    ++of_document;
    rows.push_back(std::move(c.row));
  }
  return rows;
}

void cut(std::vector<AlignedRow>& rows, int64_t count) {
  std::unordered_map<std::string, int64_t> taken;
  std::erase_if(rows, [&](const AlignedRow& row) { return ++taken[row.language] > count; });
}

}  // namespace

SplitOptions for_summaries(SplitOptions options) {
  constexpr int64_t kAnyLength = 1 << 20;
  options.filter = {.min_words = 1, .max_words = kAnyLength, .max_ratio = 1e9, .max_copied = 1};
  options.max_per_source = options.max_per_target = options.max_per_document = 1;
  options.min_held_out_words = 1, options.max_held_out_words = kAnyLength;
  return options;
}

double document_position(std::string_view key) {
  const auto digest = Sha256().update(std::string_view("lowbit-v1\0", 10)).update(key).digest();
  uint64_t bits = 0;
  for (size_t i = 0; i < sizeof(bits); ++i) bits = bits << 8 | digest[i];
  return static_cast<double>(bits) * 0x1p-64;
}

SplitCorpus split_corpus(std::vector<AlignedRow> rows, const SplitOptions& options) {
  SplitCorpus corpus;
  std::vector<Candidate> train, dev, test;
  Selector selector(options, corpus);
  for (AlignedRow& row : rows) {
    Candidate candidate;
    if (!selector.select(std::move(row), candidate)) continue;
    const double position = document_position(candidate.row.document);
    auto& part = position < options.test_share ? test : position < options.test_share + options.dev_share ? dev : train;
    part.push_back(std::move(candidate));
  }
  const LeakGuard guard(train);
  std::unordered_set<TextHash> used;
  PythonShuffle shuffle(kShuffleSeed);
  shuffle(test);
  corpus.test = held_out_rows(test, guard, options, used);
  shuffle(dev);
  corpus.dev = held_out_rows(dev, guard, options, used);
  corpus.test_pool = static_cast<int64_t>(corpus.test.size());
  corpus.dev_pool = static_cast<int64_t>(corpus.dev.size());
  corpus.rejected["held out"] = static_cast<int64_t>(test.size() + dev.size()) - corpus.test_pool - corpus.dev_pool;
  cut(corpus.test, options.test_rows);
  cut(corpus.dev, options.dev_rows);
  shuffle(train);
  for (Candidate& c : train) corpus.train.push_back(std::move(c.row));
  return corpus;
}

}  // namespace lowbit
