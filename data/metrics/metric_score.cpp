#include "data/metrics/metric_score.h"

#include <fmt/format.h>

#include "core/error.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

void check_utf8(std::string_view where, const std::string& name, const Lines& lines) {
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t byte = find_invalid_utf8(lines[i]);
    LB_REQUIRE(byte == std::string::npos, ErrorKind::data, where, "{} line {}, byte {}: not valid UTF-8", name, i + 1,
               byte);
  }
}

}  // namespace

void check_corpus(std::string_view where, const Lines& hypotheses, const ReferenceSets& references) {
  LB_REQUIRE(!hypotheses.empty(), ErrorKind::data, where, "there is no hypothesis line to score");
  LB_REQUIRE(!references.empty(), ErrorKind::data, where, "there is no reference to score against");
  check_utf8(where, "hypotheses", hypotheses);
  for (size_t r = 0; r < references.size(); ++r) {
    const std::string name = fmt::format("reference {}", r + 1);
    LB_REQUIRE(references[r].size() == hypotheses.size(), ErrorKind::data, where,
               "{} hypothesis lines but {} lines in {}: they must match line by line", hypotheses.size(),
               references[r].size(), name);
    check_utf8(where, name, references[r]);
  }
}

std::string metric_signature(const ReferenceSets& references,
                             const std::vector<std::pair<std::string_view, std::string>>& fields) {
  std::string signature = fmt::format("nrefs:{}", references.size());
  for (const auto& [key, value] : fields) signature += fmt::format("|{}:{}", key, value);
  return signature + "|version:lowbit-" LOWBIT_VERSION;
}

}  // namespace lowbit
