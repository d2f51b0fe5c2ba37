#include "apps/lib/program/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "core/error.h"

namespace lowbit {

namespace fs = std::filesystem;

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
  LB_REQUIRE(!fs::exists(folder) || fs::is_directory(folder), ErrorKind::usage, where,
             "{} is a file, and a folder is to be written: give another name, or remove it", folder);
}

void expect_new_folder(std::string_view verb, const std::string& folder) {
  refuse_file(verb, folder);
  LB_REQUIRE(!fs::exists(folder) || fs::is_empty(folder), ErrorKind::usage, verb,
             "{} holds something already; give another --out, or remove it", folder);
}

std::string behind_links(const std::string& folder) {
  constexpr int kMostLinks = 40;  // as the kernel follows
  fs::path path = fs::path(folder).has_filename() ? fs::path(folder) : fs::path(folder).parent_path();
  for (int i = 0; i < kMostLinks && fs::is_symlink(path); ++i) path = path.parent_path() / fs::read_symlink(path);
  return path.string();
}

}  // namespace lowbit
