#include "apps/lib/program/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "core/error.h"

namespace lowbit {
namespace {

[[noreturn]] void fail_output(int error) {
  if (error == EPIPE) throw BrokenPipe{};
  fail(ErrorKind::data, "standard output", "cannot write: {}", std::strerror(error));
}

}  // namespace

void write_output(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) fail_output(errno);
}

void flush_output() {
  if (std::fflush(stdout) != 0) fail_output(errno);
}

void refuse_file(std::string_view where, const std::string& folder) {
  LB_REQUIRE(!std::filesystem::exists(folder) || std::filesystem::is_directory(folder), ErrorKind::usage, where,
             "{} is a file, and a folder is to be written: give another name, or remove it", folder);
}

}  // namespace lowbit
