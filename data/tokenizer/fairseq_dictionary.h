#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/tokenizer/special_ids.h"

namespace lowbit {

/// fairseq's dict.txt: a symbol and its count a line, cut at the last blank; <s>, <pad>, </s> and <unk> come before the
/// first. "madeupword" lines are rows like all others.
class FairseqDictionary {
 public:
  static constexpr const char* kFile = "dict.txt";

  /// The dictionary of a folder: dict.txt, or the one that all its dict.LANGUAGE.txt agree on. Empty: it has none.
  /// Error (model): they differ.
  static std::filesystem::path find(const std::filesystem::path& folder);
  /// All such files that are there.
  static std::vector<std::filesystem::path> files(const std::filesystem::path& folder);

  /// Errors (model) naming file and line: missing, no UTF-8, a line without a count, a symbol that stands there already
  /// and is not marked "#fairseq:overwrite".
  explicit FairseqDictionary(const std::filesystem::path& path);

  /// Appends <mask> if a table of so many rows has one more; fairseq adds it when it runs.
  void fit(int64_t rows);

  int64_t size() const { return static_cast<int64_t>(symbols_.size()); }
  int64_t lines() const { return lines_; }  ///< symbols that the file has
  /// The id of a symbol, that of <unk> if it has none.
  int32_t id(std::string_view symbol) const;
  bool has(std::string_view symbol) const { return ids_.count(std::string(symbol)) > 0; }
  const std::string& symbol(int32_t id) const { return symbols_.at(static_cast<size_t>(id)); }
  const SpecialIds& special_ids() const { return special_; }
  const std::string& text() const { return text_; }  ///< the file's bytes
  const std::filesystem::path& path() const { return path_; }

 private:
  void add(std::string symbol);

  std::filesystem::path path_;
  std::string text_;
  int64_t lines_ = 0;
  SpecialIds special_;
  std::vector<std::string> symbols_;
  std::unordered_map<std::string, int32_t> ids_;
};

}  // namespace lowbit
