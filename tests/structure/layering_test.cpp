#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

/// The rules of docs/architecture.md, executed over the sources: who may include whom, and how long a file may be.
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = fs::path(LB_TEST_DIR).parent_path();

std::vector<fs::path> sources(const std::vector<std::string>& folders) {
  static const std::set<std::string> kExtensions = {".h", ".cpp", ".cu", ".cuh"};
  std::vector<fs::path> files;
  for (const std::string& folder : folders)
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder))
      if (kExtensions.count(entry.path().extension().string())) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string name_of(const fs::path& file) { return fs::relative(file, kRoot).generic_string(); }

std::vector<std::string> project_includes(const fs::path& file) {
  static const std::regex kInclude(R"re(^\s*#include\s+"([^"]+)")re");
  std::vector<std::string> found;
  std::ifstream in(file);
  std::smatch match;
  for (std::string line; std::getline(in, line);)
    if (std::regex_search(line, match, kInclude)) found.push_back(match[1]);
  return found;
}

const std::vector<std::string> kLayers = {"core", "autograd", "nn", "optim", "data", "apps"};

TEST(Layering, EveryIncludePointsDownwards) {
  const std::map<std::string, std::set<std::string>> allowed = {
      {"core", {"core"}},
      {"autograd", {"core", "autograd"}},
      {"nn", {"core", "autograd", "nn"}},
      {"optim", {"core", "autograd", "nn", "optim"}},
      {"data", {"core", "data"}},
      {"apps", {"core", "autograd", "nn", "optim", "data", "apps"}},
  };
  for (const fs::path& file : sources(kLayers)) {
    const std::string name = name_of(file), layer = name.substr(0, name.find('/'));
    for (const std::string& include : project_includes(file)) {
      EXPECT_TRUE(fs::exists(kRoot / include))
          << name << " includes \"" << include << "\", which is no path from the repository root";
      EXPECT_TRUE(allowed.at(layer).count(include.substr(0, include.find('/')))) << name << " includes " << include;
    }
  }
}

TEST(Layering, NothingBelowTheProgramNeedsForeignCheckpoints) {
  for (const fs::path& file : sources({"core", "autograd", "nn", "optim", "data"})) {
    if (name_of(file).starts_with("nn/checkpoint/")) continue;
    for (const std::string& include : project_includes(file))
      EXPECT_FALSE(include.starts_with("nn/checkpoint/")) << name_of(file) << " includes " << include;
  }
}

TEST(Layering, KernelsNeverSeeTensors) {
  for (const fs::path& file : sources({"core/kernels"}))
    for (const std::string& include : project_includes(file)) {
      EXPECT_NE(include, "core/tensor.h") << name_of(file);
      EXPECT_FALSE(include.starts_with("core/ops/")) << name_of(file) << " includes " << include;
    }
}

TEST(FileSize, NoFileIsOver400Lines) {
  for (const fs::path& file : sources({"core", "autograd", "nn", "optim", "data", "apps", "tests", "benchmarks"})) {
    std::ifstream in(file);
    const auto lines = std::count(std::istreambuf_iterator<char>(in), {}, '\n');
    EXPECT_LE(lines, 400) << name_of(file) << " has " << lines << " lines: split it by concept";
  }
}

TEST(Headers, OpenWithPragmaOnce) {
  for (const fs::path& file : sources(kLayers)) {
    if (file.extension() != ".h") continue;
    std::ifstream in(file);
    std::string first;
    std::getline(in, first);
    EXPECT_EQ(first, "#pragma once") << name_of(file);
  }
}

TEST(Sources, IncludeTheirOwnHeaderFirst) {
  for (const fs::path& file : sources({"core", "autograd", "nn", "optim", "data", "apps"})) {
    if (file.extension() != ".cpp") continue;
    const std::string header = fs::path(name_of(file)).replace_extension(".h").generic_string();
    const std::vector<std::string> includes = project_includes(file);
    if (fs::exists(kRoot / header)) {
      EXPECT_TRUE(!includes.empty() && includes.front() == header)
          << name_of(file) << " must include " << header << " first";
    }
  }
}

}  // namespace
