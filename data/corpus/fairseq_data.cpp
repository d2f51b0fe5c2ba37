#include "data/corpus/fairseq_data.h"

#include <algorithm>

#include "core/error.h"
#include "data/corpus/mmap_rows.h"
#include "data/tokenizer/fairseq_dictionary.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

struct Pair {
  std::string source, target;
  std::string str() const { return source + "-" + target; }
};

/// Those of a split, by the names of its files.
std::vector<Pair> pairs_of(const fs::path& folder, const std::string& split) {
  std::vector<Pair> pairs;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename().string();
    const size_t begin = split.size() + 1, dot = name.find('.', begin), dash = name.find('-', begin);
    if (!name.starts_with(split + ".") || dot == std::string::npos || dash > dot) continue;
    const Pair pair{name.substr(begin, dash - begin), name.substr(dash + 1, dot - dash - 1)};
    if (name.substr(dot) == "." + pair.source + ".idx") pairs.push_back(pair);
  }
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.str() < b.str(); });
  return pairs;
}

/// Of the items of one side: stem of the files.
struct Sides {
  fs::path source, target;
};

Sides choose(const fs::path& folder, const std::string& split, const Languages& languages) {
  const std::vector<Pair> pairs = pairs_of(folder, split);
  const auto sides = [&](const Pair& pair, const std::string& source, const std::string& target) {
    const fs::path stem = folder / (split + "." + pair.str());
    return Sides{stem.string() + "." + source, stem.string() + "." + target};
  };
  for (const Pair& pair : pairs) {
    if (pair.source == languages.source && pair.target == languages.target)
      return sides(pair, pair.source, pair.target);
    if (pair.source == languages.target && pair.target == languages.source)
      return sides(pair, pair.target, pair.source);
  }
  LB_REQUIRE(!pairs.empty(), ErrorKind::data, "fairseq",
             "{}: no {}.SOURCE-TARGET.SOURCE.idx in it, as fairseq-preprocess writes them", folder.string(), split);
  LB_REQUIRE(pairs.size() == 1, ErrorKind::data, "fairseq",
             "{}: {} holds {} pairs, {} and others: say which with --source-lang and --target-lang", folder.string(),
             split, pairs.size(), pairs[0].str());
  return sides(pairs[0], pairs[0].source, pairs[0].target);
}

/// GPT-2's ids are written as numbers, and the tokenizer knows them as tokens.
bool is_number(const std::string& symbol) {
  return !symbol.empty() && symbol.find_first_not_of("0123456789") == std::string::npos;
}

void check_dictionary(const fs::path& folder, const Tokenizer& tokenizer) {
  const fs::path path = FairseqDictionary::find(folder);
  if (path.empty()) return;
  const FairseqDictionary dictionary(path);
  for (int32_t id = 0; id < dictionary.size(); ++id) {
    const std::string& symbol = dictionary.symbol(id);
    LB_REQUIRE(id < tokenizer.vocab_size() && (tokenizer.piece(id) == symbol || is_number(symbol)), ErrorKind::model,
               "tokenizer",
               "{}: id {} is '{}', to the tokenizer {}: the data was made with another dictionary than the model's",
               path.string(), id, symbol, id < tokenizer.vocab_size() ? "'" + tokenizer.piece(id) + "'" : "unknown");
  }
}

/// An item without what the framing adds.
std::span<const int32_t> content(std::span<const int32_t> item, const std::vector<int32_t>& begin, int32_t eos) {
  if (!begin.empty() && item.size() >= begin.size() && std::equal(begin.begin(), begin.end(), item.begin()))
    item = item.subspan(begin.size());
  return !item.empty() && item.back() == eos ? item.first(item.size() - 1) : item;
}

TokenRows framed(const TokenRows& items, const std::vector<int32_t>& begin, const std::vector<int32_t>& close,
                 int32_t eos) {
  TokenRows rows;
  for (int64_t i = 0; i < items.size(); ++i) {
    std::vector<int32_t> row = begin;
    const std::span<const int32_t> inner = content(items[i], begin, eos);
    row.insert(row.end(), inner.begin(), inner.end());
    row.insert(row.end(), close.begin(), close.end());
    rows.append(row);
  }
  return rows;
}

/// A text that the tokenizer turns into these ids: the plain one, or the pieces where it undoes a BPE but has none.
std::string text_of(std::span<const int32_t> ids, const Tokenizer& tokenizer) {
  std::string plain = tokenizer.decode(ids), pieces;
  if (std::ranges::equal(tokenizer.encode(plain), ids)) return plain;
  for (const int32_t id : ids) pieces += (pieces.empty() ? "" : " ") + tokenizer.piece(id);
  return std::ranges::equal(tokenizer.encode(pieces), ids) ? pieces : plain;
}

}  // namespace

bool FairseqData::in(const fs::path& folder) {
  return std::ranges::any_of(std::vector<std::string>{"train", "valid", "test"},
                             [&](const std::string& split) { return !pairs_of(folder, split).empty(); });
}

FairseqData::FairseqData(const fs::path& folder, const std::string& split, const Languages& languages,
                         const Tokenizer& tokenizer)
    : tokenizer_(tokenizer) {
  const Sides sides = choose(folder, split, languages);
  check_dictionary(folder, tokenizer);
  source_ = read_mmap_rows(sides.source, tokenizer.vocab_size());
  target_ = read_mmap_rows(sides.target, tokenizer.vocab_size());
  LB_REQUIRE(source_.size() == target_.size(), ErrorKind::data, "fairseq", "{}: {} items, {} has {}",
             sides.source.string(), source_.size(), sides.target.string(), target_.size());
}

TokenDataset FairseqData::dataset() const {
  const Framing framing = tokenizer_.framing();
  const int32_t eos = tokenizer_.special_ids().eos;
  return {framed(source_, framing.source_begin, framing.source_close, eos),
          framed(target_, framing.target_begin, framing.target_close, eos),
          {framing}};
}

ParallelText FairseqData::text() const {
  const Framing framing = tokenizer_.framing();
  const int32_t eos = tokenizer_.special_ids().eos;
  ParallelText text;
  for (int64_t i = 0; i < source_.size(); ++i) {
    text.source.push_back(text_of(content(source_[i], framing.source_begin, eos), tokenizer_));
    text.target.push_back(tokenizer_.decode(content(target_[i], framing.target_begin, eos)));
  }
  return text;
}

}  // namespace lowbit
