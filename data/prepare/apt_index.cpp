#include "data/prepare/apt_index.h"

#include <algorithm>

#include "data/text/utf8.h"

namespace lowbit {

void each_stanza(const TextFile& file, const std::function<void(const AptStanza&)>& visit) {
  LB_REQUIRE(file.ends_with_newline(), ErrorKind::data, "apt index", "{}: the file ends inside a line; fetch it again",
             file.where(file.lines()));
  AptStanza stanza;
  std::vector<std::string_view>* last = nullptr;  // the field that a continuation line belongs to
  const auto finish = [&] {
    if (stanza.fields.empty()) return;
    LB_REQUIRE(stanza.has("Package"), ErrorKind::data, "apt index", "{}: a stanza without the field Package",
               file.where(stanza.line));
    visit(stanza);
    stanza.fields.clear();
    last = nullptr;
  };
  for (int64_t i = 1; i <= file.lines(); ++i) {
    const std::string_view line = file.line(i);
    if (line.find_first_not_of(" \t\r") ==
        std::string_view::npos) {  // a no-break space is text (Translation-fr has such)
      finish();
    } else if (line[0] == ' ' || line[0] == '\t') {
      LB_REQUIRE(last, ErrorKind::data, "apt index", "{}: a continuation line that continues no field", file.where(i));
      last->push_back(line);
    } else {
      const size_t colon = line.find(':');
      LB_REQUIRE(colon != std::string_view::npos, ErrorKind::data, "apt index",
                 "{}: expected 'Field: value', found: {}", file.where(i), line);
      if (stanza.fields.empty()) stanza.line = i;
      last = &stanza.fields[line.substr(0, colon)];
      *last = {strip(line.substr(colon + 1))};
    }
  }
  finish();
}

std::vector<std::filesystem::path> find_indexes(const std::filesystem::path& lists, std::string_view suffix) {
  LB_REQUIRE(std::filesystem::is_directory(lists), ErrorKind::data, "apt index", "no folder {}", lists.string());
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(lists))
    if (entry.path().filename().string().ends_with(suffix)) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace lowbit
