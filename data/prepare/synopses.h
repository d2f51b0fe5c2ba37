#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/corpus/documents.h"

namespace lowbit {

/// A package's long description and the one line above it.
struct SynopsisRow {
  std::string source_package;
  std::string text, synopsis;  ///< cleaned, one line each
  Document sentences;          ///< of the text
};

/// The packages of a folder of apt indexes that are worth summarising: real ones (no transitional, meta or debug
/// packages), each text once. Errors (data): an index that is missing, cut short, or not UTF-8.
std::vector<SynopsisRow> read_synopses(const std::filesystem::path& lists, std::string_view language);

/// The rows that train and test a summariser: texts of 25 to 500 words, synopses of 3 to 16, at most two packages of
/// one source package and four synopses filled from one template. `rejected` counts the others by reason.
std::vector<SynopsisRow> select_synopses(const std::vector<SynopsisRow>& rows,
                                         std::map<std::string, int64_t>& rejected);

}  // namespace lowbit
