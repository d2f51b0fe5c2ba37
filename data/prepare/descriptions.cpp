#include "data/prepare/descriptions.h"

#include <fmt/format.h>

#include "core/error.h"
#include "data/prepare/apt_index.h"
#include "data/prepare/clean.h"
#include "data/text/regex.h"
#include "data/text/utf8.h"

namespace lowbit {

DescriptionIndex::DescriptionIndex(const std::filesystem::path& path, std::string_view language)
    : file(TextFile::read(path)) {
  const std::string field = fmt::format("Description-{}", language);
  each_stanza(file, [&](const AptStanza& stanza) {
    if (!stanza.has(field) || !stanza.has("Description-md5")) return;
    const std::string_view package = stanza.value("Package");
    std::string key = fmt::format("{} {}", package, stanza.value("Description-md5"));
    const auto [entry, is_new] = position.try_emplace(key, entries.size());
    if (is_new) entries.push_back({std::move(key), std::string(package), {}});
    entries[entry->second].lines = stanza.fields.at(field);
  });
}

const Description* DescriptionIndex::find(const std::string& key) const {
  const auto entry = position.find(key);
  return entry == position.end() ? nullptr : &entries[entry->second];
}

std::unordered_map<std::string, std::string> source_packages(const std::filesystem::path& lists) {
  const auto paths = find_indexes(lists, "_Packages");
  LB_REQUIRE(!paths.empty(), ErrorKind::data, "ddtp", "no *_Packages index in {}: run scripts/fetch_ddtp.sh",
             lists.string());
  std::unordered_map<std::string, std::string> sources;
  for (const auto& path : paths)
    each_stanza(TextFile::read(path), [&](const AptStanza& stanza) {
      const std::string_view source =
          stanza.value(stanza.has("Source") ? "Source" : "Package");  // "name (version)" or "name"
      sources.insert_or_assign(std::string(stanza.value("Package")), std::string(source.substr(0, source.find(' '))));
    });
  return sources;
}

const std::string& document_of(const std::string& package,
                               const std::unordered_map<std::string, std::string>& sources) {
  const auto known = sources.find(package);
  return known == sources.end() ? package : known->second;
}

// Every line starts with one blank; a line of one dot ends a paragraph.
std::vector<std::vector<std::string>> paragraphs(const Description& description) {
  static const Regex bullet(R"(^\s*(?:[*\-+o·•]|\(?\d{1,2}[.)])\s+)");
  std::vector<std::vector<std::string>> result;
  std::vector<std::string> segments;
  const auto finish = [&] {
    for (std::string& segment : segments) segment = clean(segment);
    if (!segments.empty()) result.push_back(std::move(segments));
    segments.clear();
  };
  for (size_t i = 1; i < description.lines.size(); ++i) {
    const std::string_view line = description.lines[i].substr(1), text = strip(line);
    if (text.empty() || text == ".")
      finish();
    else if (const auto mark = bullet.search(line))
      segments.emplace_back(line.substr(mark->end));
    else if (segments.empty())
      segments.emplace_back(text);
    else
      segments.back().append(" ").append(text);
  }
  finish();
  return result;
}

}  // namespace lowbit
