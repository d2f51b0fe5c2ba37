#include "data/corpus/summaries.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "data/text/text_file.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_with(const fs::path& folder, const std::string& extension) {
  LB_REQUIRE(fs::is_directory(folder), ErrorKind::data, "summaries", "{}: no such folder", folder.string());
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == extension) files.push_back(entry.path());
  LB_REQUIRE(!files.empty(), ErrorKind::data, "summaries", "{}: holds no file *{}", folder.string(), extension);
  std::sort(files.begin(), files.end());
  return files;
}

void append_line(std::string& text, std::string_view line) {
  if (!text.empty() && !line.empty()) text += ' ';
  text += line;
}

std::string whole_text(const fs::path& path) {
  const TextFile file = TextFile::read(path, TextFile::Empty::allowed);
  std::string text;
  for (int64_t i = 1; i <= file.lines(); ++i) append_line(text, strip(file.line(i)));
  return text;
}

bool ends_a_sentence(std::string_view text) {
  constexpr std::string_view kMarks = ".!?\"')";
  return !text.empty() && kMarks.find(text.back()) != std::string_view::npos;
}

SummaryRow read_story(const fs::path& path) {
  constexpr std::string_view kHighlight = "@highlight";
  const TextFile file = TextFile::read(path);
  SummaryRow row{.id = path.stem().string()};
  std::vector<std::string> highlights;
  for (int64_t i = 1; i <= file.lines(); ++i) {
    const std::string_view line = strip(file.line(i));
    if (line == kHighlight)
      highlights.emplace_back();
    else
      append_line(highlights.empty() ? row.document : highlights.back(), line);
  }
  LB_REQUIRE(!highlights.empty(), ErrorKind::data, "story", "{}: no line {}", path.string(), kHighlight);
  for (std::string& highlight : highlights) {
    if (!highlight.empty() && !ends_a_sentence(highlight)) highlight += '.';
    append_line(row.summary, highlight);
  }
  return row;
}

SummaryRow read_sections(const fs::path& path) {
  const TextFile file = TextFile::read(path);
  std::map<std::string, std::string, std::less<>> sections;
  std::string* section = nullptr;
  for (int64_t i = 1; i <= file.lines(); ++i) {
    constexpr std::string_view kMark = "[SN]";
    const std::string_view line = strip(file.line(i));
    if (line.size() > 2 * kMark.size() && line.starts_with(kMark) && line.ends_with(kMark))
      section = &sections[std::string(line.substr(kMark.size(), line.size() - 2 * kMark.size()))];
    else if (section)
      append_line(*section, line);
  }
  const auto text = [&](const char* name) {
    const auto found = sections.find(name);
    LB_REQUIRE(found != sections.end(), ErrorKind::data, "xsum", "{}: no section [SN]{}[SN]", path.string(), name);
    return found->second;
  };
  return {path.stem().string(), text("RESTBODY"), text("FIRST-SENTENCE")};
}

JsonFields fields_of(const fs::path& path) {
  constexpr std::pair<const char*, const char*> kKnown[] = {
      {"document", "summary"}, {"article", "highlights"}, {"text", "summary"}};
  const TextFile file = TextFile::read(path);
  int64_t first = 1;
  while (first < file.lines() && strip(file.line(first)).empty()) ++first;
  const nlohmann::json row = nlohmann::json::parse(file.line(first), nullptr, false);
  LB_REQUIRE(row.is_object(), ErrorKind::data, "jsonl", "{}: not a JSON object", file.where(first));
  for (const auto& [document, summary] : kKnown)
    if (row.contains(document) && row.contains(summary)) return {document, summary};
  fail(ErrorKind::data, "jsonl",
       "{}: has neither document and summary, nor article and highlights, nor text and summary; name its fields with "
       "--source-field and --target-field",
       file.where(first));
}

std::vector<SummaryRow> with_lines(ParallelText text, const fs::path& path) {
  std::vector<SummaryRow> rows;
  for (size_t i = 0; i < text.source.size(); ++i)
    rows.push_back(
        {fmt::format("{}, line {}", path.string(), i + 1), std::move(text.source[i]), std::move(text.target[i])});
  return rows;
}

}  // namespace

std::vector<SummaryRow> read_stories(const fs::path& folder) {
  std::vector<SummaryRow> rows;
  for (const fs::path& path : files_with(folder, ".story")) rows.push_back(read_story(path));
  return rows;
}

std::vector<SummaryRow> read_xsum(const fs::path& folder) {
  std::vector<SummaryRow> rows;
  for (const fs::path& path : files_with(folder, ".summary")) {
    const fs::path document = fs::path(path).replace_extension(".document");
    rows.push_back(fs::exists(document) ? SummaryRow{path.stem().string(), whole_text(document), whole_text(path)}
                                        : read_sections(path));
  }
  return rows;
}

std::vector<SummaryRow> read_summary_jsonl(const fs::path& path, const JsonFields& fields) {
  return with_lines(read_parallel_jsonl(path, fields.source.empty() ? fields_of(path) : fields), path);
}

std::vector<SummaryRow> read_summary_lines(const fs::path& source, const fs::path& target) {
  return with_lines(read_parallel_lines(source, target), source);
}

}  // namespace lowbit
