#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/text/text_file.h"

namespace lowbit {

/// A package description as apt's index has it: the synopsis, then the lines of the long text.
struct Description {
  std::string key;  ///< package, blank, MD5 sum of the English text
  std::string package;
  std::vector<std::string_view> lines;
};

/// The descriptions of one index in file order; when a key comes twice, the later text in the earlier place.
struct DescriptionIndex {
  TextFile file;
  std::vector<Description> entries;
  std::unordered_map<std::string, size_t> position;

  DescriptionIndex(const std::filesystem::path& path, std::string_view language);
  DescriptionIndex(const DescriptionIndex&) = delete;  // `lines` points into `file`
  DescriptionIndex& operator=(const DescriptionIndex&) = delete;

  const Description* find(const std::string& key) const;
};

/// What stands between the archive and the language in an index's file name.
inline constexpr std::string_view kTranslationIndex = "_i18n_Translation-";

/// The source package of every binary package in the *_Packages indexes of a folder. Error (data): there are none.
std::unordered_map<std::string, std::string> source_packages(const std::filesystem::path& lists);

/// The source package, or the package itself when it is not in any index.
const std::string& document_of(const std::string& package, const std::unordered_map<std::string, std::string>& sources);

/// The long text as paragraphs of cleaned segments: list items, or one run of flowed lines.
std::vector<std::vector<std::string>> paragraphs(const Description& description);

}  // namespace lowbit
