#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

class BadText : public test::TinyRun {
 protected:
  /// Every verb that reads text, given this file.
  std::vector<std::vector<std::string>> readers(const std::string& file, bool tabs) {
    const std::string good = write("good", "one\ntwo\n");
    fs::create_directories(path("other"));
    fs::copy_file(path("data/dev.tsv"), path("other/dev.tsv"), fs::copy_options::overwrite_existing);
    fs::remove(path("other/train.tsv"));
    if (fs::exists(file)) fs::copy_file(file, path("other/train.tsv"));
    std::vector<std::vector<std::string>> commands = {{"prepare", "tsv", file, "--out", path("out")},
                                                      {"eval", model_, file},
                                                      training("train", "run", {"--data.dir", path("other")})};
    if (!tabs)
      commands.insert(commands.end(), {{"prepare", "lines", good, file, "--out", path("out")},
                                       {"score", "bleu", "--hyp", file, "--ref", good},
                                       {"score", "bleu", "--hyp", good, "--ref", file}});
    const bool empty = fs::exists(file) && fs::file_size(file) == 0;  // which generate answers with nothing
    if (!tabs && !empty) commands.push_back({"generate", model_, "--input", file});
    return commands;
  }
  void expect_refused(const std::string& file, const std::vector<std::string>& words, bool tabs = false) {
    for (const auto& command : readers(file, tabs)) {
      SCOPED_TRACE(command[0] + " " + command[1]);
      expect_failure(run(command), 3, words);
    }
    EXPECT_FALSE(fs::exists(path("out/train.tsv")));
  }

  const std::string model_ = trained("model");
};

TEST_F(BadText, IsRefusedWithFileLineAndByte) {
  expect_refused(path("none"), {"No such file"});
  expect_refused(write("empty", ""), {"is empty"});
  expect_refused(write("latin1", "a\tb\nc\xff\td\n"), {", line 2, byte 5", "not UTF-8"});
  expect_refused(write("cut", "a\tb\nc\td\ne"), {", line 3, byte 8", "1 column"}, true);
}

TEST_F(BadText, MisalignedFilesNameTheLineWithoutAPartner) {
  const std::string longer = write("longer", "one\ntwo\nthree\n"), shorter = write("shorter", "one\ntwo\n");
  for (const auto& command : {std::vector<std::string>{"prepare", "lines", longer, shorter, "--out", path("out")},
                              {"prepare", "lines", shorter, longer, "--out", path("out")},
                              {"score", "bleu", "--hyp", longer, "--ref", shorter},
                              {"score", "bleu", "--hyp", shorter, "--ref", longer}})
    expect_failure(run(command), 3, {longer + ", line 3, byte 8", shorter + " ends after line 2"});
}

TEST_F(BadText, StandardInputIsCheckedLikeAFile) {
  const int old_input = dup(STDIN_FILENO);
  const auto generate_from = [&](const std::string& file) {
    EXPECT_NE(std::freopen(file.c_str(), "r", stdin), nullptr);
    std::cin.clear();
    return run({"generate", model_});
  };
  expect_failure(generate_from(write("latin1", "a\nb\xff\n")), 3, {"standard input, line 2, byte 3", "not UTF-8"});
  const test::Outcome nothing = generate_from(write("empty", ""));
  EXPECT_EQ(nothing.code, 0) << nothing.err;
  EXPECT_EQ(nothing.out + nothing.err, "") << "no line in, no line out";
  dup2(old_input, STDIN_FILENO);
  close(old_input);
}

TEST_F(BadText, APipeIsReadToItsEnd) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "one\ntwo\n", 8), 8);
  close(ends[1]);
  const test::Outcome outcome = run({"generate", model_, "--input", "/dev/fd/" + std::to_string(ends[0])});
  close(ends[0]);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 2);
}

class OddLengths : public test::TinyRun {
 protected:
  static std::string words(int count) {
    std::string text = "one";
    for (int i = 1; i < count; ++i) text += " two";
    return text;
  }
};

TEST_F(OddLengths, PrepareLeavesThemOutAndSaysSo) {
  std::string pairs = "\tuno\n" + words(10000) + "\t" + words(10000) + "\n";
  for (int i = 0; i < 40; ++i)
    pairs += fmt::format("number {0} is here now\til numero {0} sta qui adesso\n", std::string(1, char('a' + i % 26)));
  const test::Outcome outcome = run({"prepare", "tsv", write("pairs", pairs), "--out", path("out")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(nlohmann::json::parse(read("out/stats.json"))["rejected"]["words"], 2);
}

TEST_F(OddLengths, TrainingGoesOnAndTellsWhatItLeavesOut) {
  const std::string odd = "o\td\t\t\no\td\t" + words(10000) + "\t" + words(10000) + "\n";
  write("data/train.tsv", odd + rows(0, 24));
  write("data/dev.tsv", odd + rows(24, 28));
  const test::Outcome outcome = train("run");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("warning: dropped 1 of 26 rows"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("warning: dev set: dropped 1 of 6 rows"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("warning: truncated 1 of 2 sentences"), std::string::npos) << outcome.err;
}

TEST_F(OddLengths, ADocumentIsCutToWhatTheModelTakesOrLeftOutOrRefused) {
  const std::string odd = "o\td\t" + words(100'000) + "\tuno\n";
  write("data/train.tsv", odd + rows(0, 24));
  const test::Outcome cut = train("run", {"--truncate-source"});
  EXPECT_EQ(cut.code, 0) << cut.err;
  EXPECT_NE(cut.err.find("warning: truncated 1 of 25 rows"), std::string::npos) << cut.err;
  write("data/train.tsv", odd);
  expect_failure(train("other"), 3, {"none of 1 rows is within"});
}

TEST_F(OddLengths, GenerateGivesALineForALine) {
  const std::string model = trained("model");
  const std::string input = write("input", "one two\n\n" + words(10000) + "\n \u00a0\nthree");
  const test::Outcome outcome = run({"generate", model, "--input", input, "--max-len-b", "3", "--max-len-a", "0"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 5) << outcome.out;
  EXPECT_NE(outcome.err.find("warning: truncated 1 of 5 sentences to the model's"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("the first is line 3"), std::string::npos) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

TEST_F(OddLengths, GenerateShowsNoProgressOnAPipeUnlessAskedTo) {
  const std::string model = trained("model");
  std::string lines;
  for (int i = 0; i < 20; ++i) lines += "one\n";
  const std::vector<std::string> generate = {"generate", model, "--input", write("input", lines), "--max-len-b", "2"};
  setenv("LOWBIT_LOG", "info", 1);
  EXPECT_EQ(run(generate).err, "");
  auto asked = generate;
  asked.insert(asked.end(), {"--log-format", "simple"});
  EXPECT_EQ(run(asked).err.find("generate:     20 / 20"), 0u);
  write("input", "one\n");
  EXPECT_EQ(run(asked).err, "") << "nor for a handful of sentences";
}

TEST_F(OddLengths, GenerateCleansItsInputAsPrepareDoes) {
  const std::string model = trained("model");
  const auto score_of = [&](const std::string& line) {
    const test::Outcome outcome =
        run({"generate", model, "--input", write("input", line + "\n"), "--generate.format", "jsonl"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out)["hypotheses"][0]["score"].get<double>();
  };
  const double clean = score_of("one caf\u00e9 two");
  EXPECT_EQ(score_of("  one\u00a0cafe\u0301 \t two\u200b "), clean) << "NFC, blanks, invisible characters";
  EXPECT_NE(score_of("one two two"), clean) << "the score tells inputs apart";
}

TEST_F(OddLengths, GenerateAnswersAnEmptyFileWithNothing) {
  const test::Outcome outcome = run({"generate", trained("model"), "--input", write("input", "")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out + outcome.err, "");
}

}  // namespace
}  // namespace lowbit
