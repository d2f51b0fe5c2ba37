#include "data/prepare/ddtp.h"

#include <fmt/format.h>

#include <functional>
#include <set>

#include "core/error.h"
#include "data/prepare/apt_index.h"
#include "data/prepare/clean.h"
#include "data/prepare/descriptions.h"
#include "data/prepare/sentences.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

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
  const std::string archive = name.substr(0, name.find(kTranslationIndex));
  std::string escaped(language);
  if (const size_t at = escaped.find('_'); at != std::string::npos) escaped.replace(at, 1, "%5f");
  std::vector<std::filesystem::path> found;
  for (const std::string& code : std::set<std::string>{escaped, std::string(language)}) {
    const auto path = english.parent_path() / fmt::format("{}{}{}", archive, kTranslationIndex, code);
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
  for (const auto& english_path : find_indexes(lists, fmt::format("{}en", kTranslationIndex))) {
    const auto translation_paths = translations_of(english_path, language);
    if (translation_paths.empty()) continue;
    any_translation = true;
    const DescriptionIndex english(english_path, "en");
    for (const auto& path : translation_paths) {
      const DescriptionIndex translated(path, language);
      for (const Description& translation : translated.entries) {
        const Description* original = english.find(translation.key);
        if (!original || !seen.insert(translation.key).second) continue;
        const std::string& document = document_of(translation.package, sources);
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
             kTranslationIndex, language, kTranslationIndex, lists.string());
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
