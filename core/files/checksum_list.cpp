#include "core/files/checksum_list.h"

#include "core/error.h"
#include "core/files/atomic.h"
#include "core/files/checksum.h"
#include "core/files/mapped_file.h"

namespace lowbit {
namespace {

std::string join(const std::string& folder, const std::string& name) { return folder + "/" + name; }

std::string line_of(const std::string& name, uint64_t sum) { return fmt::format("XXH3 ({}) = {:016x}\n", name, sum); }

}  // namespace

ChecksumList ChecksumList::read(const std::string& folder) {
  const MappedFile file(join(folder, kFile), ErrorKind::model);
  ChecksumList list;
  for (std::string_view rest = file.text(); !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n') + 1);
    const size_t open = line.find('('), close = line.find(')');
    LB_REQUIRE(!line.empty() && open < close && close != std::string_view::npos, ErrorKind::model, "checksums",
               "{}: line {} is not a checksum", join(folder, kFile), list.lines_.size() + 1);
    list.lines_.emplace(line.substr(open + 1, close - open - 1), line);
    rest.remove_prefix(line.size());
  }
  LB_REQUIRE(!list.lines_.empty(), ErrorKind::model, "checksums", "{}: is empty, the file is damaged",
             join(folder, kFile));
  return list;
}

void ChecksumList::write(const std::string& folder) const {
  std::string text;
  for (const auto& [name, line] : lines_) text += line;
  write_file_atomically(join(folder, kFile), text);
}

void ChecksumList::add(const std::string& name, uint64_t sum) { lines_[name] = line_of(name, sum); }

void ChecksumList::verify(const std::string& folder) const {
  for (const auto& [name, line] : lines_)
    LB_REQUIRE(line == line_of(name, checksum_of_file(join(folder, name))), ErrorKind::model, "checksums",
               "{}: the checksum differs, the file is damaged", join(folder, name));
}

}  // namespace lowbit
