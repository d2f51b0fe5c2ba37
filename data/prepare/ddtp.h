#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lowbit {

/// What a segment of a package description is.
enum class SegmentKind : uint8_t { synopsis, item, paragraph, sentence };
std::string_view to_string(SegmentKind kind);  ///< syn, item, par, sent

struct DdtpSegment {
  std::string source_package;  ///< binary packages of one source share text, so it is the document
  std::string package;
  SegmentKind kind;
  std::string source, target;
};

/// English descriptions aligned with a translation, out of a folder of apt indexes: *_i18n_Translation-en,
/// *_i18n_Translation-LANGUAGE and *_Packages. Packages are matched by name and MD5 sum of the description, then
/// paragraphs, list items and sentences by position wherever their numbers agree. Errors (data): an index that is
/// missing, cut short, or not UTF-8.
std::vector<DdtpSegment> read_ddtp(const std::filesystem::path& lists, std::string_view language);

/// The `Date:` lines of the release files in the folder: which state of the archive the rows come from.
std::vector<std::string> release_dates(const std::filesystem::path& lists);

}  // namespace lowbit
