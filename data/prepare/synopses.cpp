#include "data/prepare/synopses.h"

#include <fmt/format.h>

#include <set>
#include <unordered_map>

#include "core/error.h"
#include "data/prepare/apt_index.h"
#include "data/prepare/clean.h"
#include "data/prepare/descriptions.h"
#include "data/prepare/sentences.h"
#include "data/text/regex.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

constexpr int64_t kMinWords = 25, kMaxWords = 500;
constexpr int64_t kMinSynopsisWords = 3, kMaxSynopsisWords = 16;
constexpr int64_t kMaxPerSource = 2, kMaxPerTemplate = 4;

int64_t words(std::string_view text) { return std::ssize(split_words(text)); }

bool is_real_package(const Description& description, const SynopsisRow& row) {
  static const Regex placeholder(
      R"((?i)transitional|dummy package|\bmeta-?\s?package|debug(ging)? symbols|\bvirtual package)");
  for (const char* suffix : {"-dbg", "-dbgsym"})
    if (description.package.ends_with(suffix)) return false;
  return !placeholder.search(row.synopsis) && !placeholder.search(row.text);
}

SynopsisRow row_of(const Description& description, std::string_view language) {
  SynopsisRow row;
  row.synopsis = clean(description.lines.front());
  for (const std::vector<std::string>& paragraph : paragraphs(description))
    for (const std::string& segment : paragraph)
      for (std::string& sentence : split_sentences(segment, language)) row.sentences.push_back(std::move(sentence));
  row.text = fmt::format("{}", fmt::join(row.sentences, " "));
  return row;
}

}  // namespace

std::vector<SynopsisRow> read_synopses(const std::filesystem::path& lists, std::string_view language) {
  const auto sources = source_packages(lists);
  const auto indexes = find_indexes(lists, fmt::format("{}{}", kTranslationIndex, language));
  LB_REQUIRE(!indexes.empty(), ErrorKind::data, "synopses", "no *{}{} in {}: run scripts/fetch_ddtp.sh",
             kTranslationIndex, language, lists.string());
  std::vector<SynopsisRow> rows;
  std::set<std::string> seen_keys, seen_texts;
  for (const auto& path : indexes) {
    const DescriptionIndex index(path, language);
    for (const Description& description : index.entries) {
      if (!seen_keys.insert(description.key).second) continue;
      SynopsisRow row = row_of(description, language);
      if (row.text.empty() || row.synopsis.empty() || !is_real_package(description, row)) continue;
      if (!seen_texts.insert(dedupe_key(row.text)).second) continue;
      row.source_package = document_of(description.package, sources);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::vector<SynopsisRow> select_synopses(const std::vector<SynopsisRow>& rows,
                                         std::map<std::string, int64_t>& rejected) {
  std::vector<SynopsisRow> selected;
  std::unordered_map<std::string, int64_t> per_source, per_template;
  for (const SynopsisRow& row : rows) {
    const int64_t length = words(row.text), summary = words(row.synopsis);
    if (length < kMinWords || length > kMaxWords)
      ++rejected["text length"];
    else if (summary < kMinSynopsisWords || summary > kMaxSynopsisWords)
      ++rejected["synopsis length"];
    else if (per_source[row.source_package] >= kMaxPerSource)
      ++rejected["family"];
    else if (int64_t& count = per_template[template_key(row.synopsis)]; count >= kMaxPerTemplate)
      ++rejected["synopsis template"];
    else {
      ++count;
      ++per_source[row.source_package];
      selected.push_back(row);
    }
  }
  return selected;
}

}  // namespace lowbit
