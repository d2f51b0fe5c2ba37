#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "apps/lib/log/log.h"
#include "apps/verbs/verbs.h"
#include "tests/apps/run_captured.h"
#include "tests/support/temp_dir.h"

namespace lowbit::test {

/// A prepared corpus of a few rows, and the program's verbs over it with models that take a blink to train.
/// Only warnings and errors go to standard error, so a failure must be the one line there.
class TinyRun : public ::testing::Test {
 protected:
  TinyRun() {
    setenv("LOWBIT_LOG", "warning", 1);
    std::filesystem::create_directory(path("data"));
    write("data/train.tsv", rows(0, 24));
    write("data/dev.tsv", rows(24, 28));
    write("data/test.tsv", rows(28, 32));
  }
  ~TinyRun() override {
    unsetenv("LOWBIT_LOG");
    set_up_log();  // as other tests of this process expect it
  }

  std::string path(const std::string& name) const { return folder_.path(name); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  std::string read(const std::string& name) const { return contents(path(name)); }

  void expect_same_file(const std::string& a, const std::string& b) const {
    EXPECT_FALSE(read(a).empty()) << a;
    EXPECT_TRUE(read(a) == read(b)) << a << " differs from " << b;
  }

  /// Rows as `lowbit prepare` writes them: origin, document, source, target.
  static std::string rows(int begin, int end) {
    static const std::vector<std::string> english = {"one", "two", "three", "four", "five", "six", "seven", "eight"};
    static const std::vector<std::string> italian = {"uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto"};
    std::string text;
    for (int row = begin; row < end; ++row) {
      std::string source, target;
      for (int word = 0; word <= row % 5; ++word) {
        const size_t which = static_cast<size_t>(row * 3 + word * word) % english.size();
        source += (word ? " " : "") + english[which];
        target += (word ? " " : "") + italian[which];
      }
      text += "tiny\tdoc" + std::to_string(row) + "\t" + source + "\t" + target + "\n";
    }
    return text;
  }

  static Outcome run(const std::vector<std::string>& arguments) { return run_captured(all_verbs(), arguments); }

  /// Arguments of a training in path(name); later ones win.
  std::vector<std::string> training(const std::string& verb, const std::string& name,
                                    const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {verb,
                                          path("data"),
                                          "--run.dir",
                                          path(name),
                                          "--arch",
                                          "tiny",
                                          "--vocab-size",
                                          "48",
                                          "--max-update",
                                          "2",
                                          "--warmup",
                                          "1",
                                          "--valid.interval",
                                          "1",
                                          "--threads",
                                          "1",
                                          "--log-format",
                                          "none",
                                          "--max-tokens",
                                          "200",
                                          "--valid.bleu_rows",
                                          "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  Outcome train(const std::string& name, const std::vector<std::string>& more = {}) const {
    return run(training("train", name, more));
  }
  /// A run that must succeed.
  std::string trained(const std::string& name, const std::vector<std::string>& more = {}) const {
    const Outcome outcome = train(name, more);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return path(name);
  }

  TempDir folder_;
};

/// The code, and one line on standard error that holds all the words.
inline void expect_failure(const Outcome& outcome, int code, const std::vector<std::string>& words) {
  EXPECT_EQ(outcome.code, code) << outcome.err;
  EXPECT_EQ(outcome.err.find("lowbit: error: ["), 0u) << outcome.err;
  EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
  for (const std::string& word : words)
    EXPECT_NE(outcome.err.find(word), std::string::npos) << '"' << word << "\" in: " << outcome.err;
}

}  // namespace lowbit::test
