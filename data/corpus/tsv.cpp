#include "data/corpus/tsv.h"

namespace lowbit {

std::vector<std::string_view> split_tabs(std::string_view line) {
  std::vector<std::string_view> cells;
  size_t begin = 0;
  for (size_t tab = line.find('\t'); tab != std::string_view::npos; tab = line.find('\t', begin)) {
    cells.push_back(line.substr(begin, tab - begin));
    begin = tab + 1;
  }
  cells.push_back(line.substr(begin));
  return cells;
}

std::string_view cell(const TextFile& file, int64_t line, const std::vector<std::string_view>& cells, int column) {
  const auto count = static_cast<int>(cells.size());
  const int index = column > 0 ? column - 1 : count + column;
  LB_REQUIRE(column != 0 && index >= 0 && index < count, ErrorKind::data, "tsv",
             "{}: the row has {} column{}, but column {} was asked for", file.where(line), count, count == 1 ? "" : "s",
             column);
  return cells[static_cast<size_t>(index)];
}

}  // namespace lowbit
