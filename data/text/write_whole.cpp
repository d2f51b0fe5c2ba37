#include "data/text/write_whole.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "core/error.h"

namespace lowbit {

void write_whole(const std::filesystem::path& path, std::string_view bytes) {
  const std::filesystem::path partial = path.string() + ".part";
  std::ofstream file(partial, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    const std::string reason = std::strerror(errno);
    std::error_code ignored;
    std::filesystem::remove(partial, ignored);
    fail(ErrorKind::data, "write", "{}: cannot write: {}", path.string(), reason);
  }
  std::filesystem::rename(partial, path);
}

}  // namespace lowbit
