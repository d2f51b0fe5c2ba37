#include "data/prepare/ddtp.h"

#include <fmt/format.h>

#include <functional>
#include <set>
#include <unordered_map>

#include "core/error.h"
#include "data/prepare/apt_index.h"
#include "data/prepare/clean.h"
#include "data/prepare/sentences.h"
#include "data/text/regex.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

constexpr std::string_view kTranslation = "_i18n_Translation-";

/// A description as the index has it: the synopsis, then the lines of the long text.
struct Description {
  std::string key;  // package, blank, MD5 sum of the English text
  std::string package;
  std::vector<std::string_view> lines;
};

/// The descriptions of one index in file order; when a key comes twice, the later text in the earlier place.
struct DescriptionIndex {
  TextFile file;
  std::vector<Description> entries;
  std::unordered_map<std::string, size_t> position;

  DescriptionIndex(const std::filesystem::path& path, std::string_view language) : file(TextFile::read(path)) {
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
  DescriptionIndex(const DescriptionIndex&) = delete;  // `lines` points into `file`
  DescriptionIndex& operator=(const DescriptionIndex&) = delete;

  const Description* find(const std::string& key) const {
    const auto entry = position.find(key);
    return entry == position.end() ? nullptr : &entries[entry->second];
  }
};

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

/// The long text as paragraphs of segments: list items, or one run of flowed lines. Every line starts with one blank; a
/// line of one dot ends a paragraph.
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

std::string join(const std::vector<std::string>& parts) { return fmt::format("{}", fmt::join(parts, " ")); }

void align_paragraph(const std::vector<std::string>& english, const std::vector<std::string>& translated,
                     std::string_view language,
                     const std::function<void(SegmentKind, std::string, std::string)>& emit) {
  std::vector<TextPair> segments;
  if (english.size() == translated.size())
    for (size_t i = 0; i < english.size(); ++i) segments.emplace_back(english[i], translated[i]);
  else
    segments.emplace_back(join(english), join(translated));
  for (const auto& [source, target] : segments) {
    auto pairs = split_sentence_pairs(source, target, "en", language);
    const SegmentKind kind = english.size() > 1  ? SegmentKind::item
                             : pairs.size() == 1 ? SegmentKind::paragraph
                                                 : SegmentKind::sentence;
    for (auto& [s, t] : pairs) emit(kind, std::move(s), std::move(t));
  }
}

/// The translation index that belongs to an English one, of the same archive and suite; apt writes zh_TW as zh%5fTW.
std::vector<std::filesystem::path> translations_of(const std::filesystem::path& english, std::string_view language) {
  const std::string name = english.filename().string();
  const std::string archive = name.substr(0, name.find(kTranslation));
  std::string escaped(language);
  if (const size_t at = escaped.find('_'); at != std::string::npos) escaped.replace(at, 1, "%5f");
  std::vector<std::filesystem::path> found;
  for (const std::string& code : std::set<std::string>{escaped, std::string(language)}) {
    const auto path = english.parent_path() / fmt::format("{}{}{}", archive, kTranslation, code);
    if (std::filesystem::exists(path)) found.push_back(path);
  }
  return found;
}

}  // namespace

std::string_view to_string(SegmentKind kind) {
  switch (kind) {
    case SegmentKind::synopsis:
      return "syn";
    case SegmentKind::item:
      return "item";
    case SegmentKind::paragraph:
      return "par";
    case SegmentKind::sentence:
      return "sent";
  }
  fail(ErrorKind::internal, "to_string", "no segment kind {}", static_cast<int>(kind));
}

std::vector<DdtpSegment> read_ddtp(const std::filesystem::path& lists, std::string_view language) {
  const std::string_view short_language = language.substr(0, language.find('_'));
  const auto sources = source_packages(lists);
  std::vector<DdtpSegment> segments;
  std::set<std::string> seen;
  bool any_translation = false;
  for (const auto& english_path : find_indexes(lists, fmt::format("{}en", kTranslation))) {
    const auto translation_paths = translations_of(english_path, language);
    if (translation_paths.empty()) continue;
    any_translation = true;
    const DescriptionIndex english(english_path, "en");
    for (const auto& path : translation_paths) {
      const DescriptionIndex translated(path, language);
      for (const Description& translation : translated.entries) {
        const Description* original = english.find(translation.key);
        if (!original || !seen.insert(translation.key).second) continue;
        const auto known = sources.find(translation.package);
        const std::string& document = known == sources.end() ? translation.package : known->second;
        const auto emit = [&](SegmentKind kind, std::string source, std::string target) {
          if (source.empty() || target.empty()) return;
          segments.push_back({document, translation.package, kind, std::move(source), std::move(target)});
        };
        emit(SegmentKind::synopsis, clean(original->lines.front()), clean(translation.lines.front()));
        const auto a = paragraphs(*original), b = paragraphs(translation);
        if (a.size() != b.size()) continue;
        for (size_t i = 0; i < a.size(); ++i) align_paragraph(a[i], b[i], short_language, emit);
      }
    }
  }
  LB_REQUIRE(any_translation, ErrorKind::data, "ddtp", "no *{}{} beside *{}en in {}: run scripts/fetch_ddtp.sh",
             kTranslation, language, kTranslation, lists.string());
  return segments;
}

std::vector<std::string> release_dates(const std::filesystem::path& lists) {
  std::vector<std::string> dates;
  for (const auto& path : find_indexes(lists, "_InRelease")) {
    const TextFile file = TextFile::read(path);
    for (int64_t i = 1; i <= file.lines(); ++i)
      if (file.line(i).starts_with("Date:")) {
        dates.push_back(fmt::format("{}: {}", path.filename().string(), strip(file.line(i).substr(5))));
        break;
      }
  }
  return dates;
}

}  // namespace lowbit
