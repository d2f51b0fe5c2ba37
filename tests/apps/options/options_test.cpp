#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "apps/lib/options/command_line.h"
#include "apps/lib/options/show.h"
#include "core/error.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

enum class Algorithm { sgd, adam };

struct TrainConfig {
  double lr = 5e-4;
  int64_t warmup = 4000;
  bool fp16 = false;
  std::string language = "de";
  std::vector<double> betas = {0.9, 0.999};
  std::vector<std::string> metrics;
  Algorithm algorithm = Algorithm::adam;
  std::string train_path, valid_path;
};

class OptionsTest : public ::testing::Test {
 protected:
  OptionsTest() : folder_(fs::temp_directory_path() / ("lowbit_options_" + std::to_string(getpid()))) {
    fs::create_directories(folder_ / "recipes");
    registry_.add("optim.lr", config_.lr, "peak learning rate").alias("learning-rate").range(0, 10);
    registry_.add("optim.warmup_updates", config_.warmup, "updates of linear warm-up");
    registry_.add("optim.betas", config_.betas, "Adam's decay rates").alias("adam-betas");
    registry_.add("optim.name", config_.algorithm, {{"sgd", Algorithm::sgd}, {"adam", Algorithm::adam}}, "algorithm");
    registry_.add("train.fp16", config_.fp16, "half precision");
    registry_.add("data.target_lang", config_.language, "language").alias("t");
    registry_.add("valid.metrics", config_.metrics, "scores to compute");
    registry_.add("data.path", config_.train_path, "training text").positional("DATA");
    registry_.add("valid.path", config_.valid_path, "validation text");
    registry_.accept_config_file();
  }
  ~OptionsTest() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / name;
    std::ofstream(path) << text;
    return path.string();
  }

  ParsedCommand resolve(std::vector<std::string> arguments, const Environment& environment = {}) {
    return resolve_options(registry_, arguments, environment);
  }

  /// The message of the usage error that the arguments cause.
  std::string refusal(std::vector<std::string> arguments, const Environment& environment = {}) {
    try {
      resolve(std::move(arguments), environment);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "accepted";
    return {};
  }

  fs::path folder_;
  TrainConfig config_;
  OptionRegistry registry_;
};

TEST_F(OptionsTest, FlagsHaveFullShortAndAliasNamesWithDashesOrUnderscores) {
  resolve({"--optim.lr", "0.1"});
  EXPECT_EQ(config_.lr, 0.1);
  resolve({"--lr=0.2"});
  EXPECT_EQ(config_.lr, 0.2);
  resolve({"--learning_rate", "3e-1"});
  EXPECT_EQ(config_.lr, 0.3);
  resolve({"--warmup-updates", "7"});
  EXPECT_EQ(config_.warmup, 7);
  resolve({"--warmup_updates=8", "-t", "fr"});
  EXPECT_EQ(config_.warmup, 8);
  EXPECT_EQ(config_.language, "fr");
}

TEST_F(OptionsTest, SwitchesNeedNoValueAndSwallowNoArgument) {
  resolve({"--fp16", "corpus.txt"});
  EXPECT_TRUE(config_.fp16);
  EXPECT_EQ(config_.train_path, "corpus.txt");
  resolve({"--no-fp16"});
  EXPECT_FALSE(config_.fp16);
  resolve({"--train.fp16=true"});
  EXPECT_TRUE(config_.fp16);
}

TEST_F(OptionsTest, TheLastOfRepeatedFlagsHoldsAndListsCollect) {
  resolve({"--lr", "1", "--lr", "2"});
  EXPECT_EQ(config_.lr, 2);
  resolve({"--metrics", "bleu", "--metrics", "chrf,ter"});
  EXPECT_EQ(config_.metrics, (std::vector<std::string>{"bleu", "chrf", "ter"}));
  resolve({"--adam-betas", "(0.9, 0.98)"});
  EXPECT_EQ(config_.betas, (std::vector<double>{0.9, 0.98}));
}

TEST_F(OptionsTest, AnAmbiguousShortNameIsNoFlag) {
  EXPECT_NE(refusal({"--path", "x"}).find("unknown flag --path"), std::string::npos);
  resolve({"--valid.path", "x"});
  EXPECT_EQ(config_.valid_path, "x");
}

TEST_F(OptionsTest, PrecedenceIsFlagOverrideEnvironmentFileRecipeDefault) {
  write("recipes/base.yaml",
        "optim: {lr: 1, warmup_updates: 10, name: sgd}\ntrain: {fp16: true}\ndata: {target_lang: a, path: a}\n");
  const std::string file =
      write("run.yaml", "extends: base\noptim:\n  warmup_updates: 20\n  name: adam\ndata: {target_lang: b, path: b}\n");
  const Environment environment = {
      {"LOWBIT_OPTIM_NAME", "sgd"}, {"LOWBIT_DATA_TARGET_LANG", "c"}, {"LOWBIT_DATA_PATH", "c"}};
  resolve({file, "--data.path", "e", "data.target_lang=d", "data.path=d"}, environment);
  EXPECT_EQ(config_.betas, (std::vector<double>{0.9, 0.999})) << "default";
  EXPECT_EQ(config_.lr, 1) << "recipe";
  EXPECT_TRUE(config_.fp16) << "recipe";
  EXPECT_EQ(config_.warmup, 20) << "file";
  EXPECT_EQ(config_.algorithm, Algorithm::sgd) << "environment";
  EXPECT_EQ(config_.language, "d") << "override";
  EXPECT_EQ(config_.train_path, "e") << "flag";
}

TEST_F(OptionsTest, ExplainNamesTheOriginAndWhatItOverruled) {
  const std::string file = write("run.yaml", "optim:\n  lr: 1e-4\n");
  const ParsedCommand command = resolve({"-h"});
  EXPECT_EQ(command.request, Request::help);
  EXPECT_EQ(resolve({file, "--explain", "optim.lr"}, {{"LOWBIT_OPTIM_LR", "0.5"}}).request, Request::explain);
  const std::string text = explain_option(registry_, "lr");
  EXPECT_NE(text.find("optim.lr = 0.5\n"), std::string::npos) << text;
  EXPECT_NE(text.find("from     environment LOWBIT_OPTIM_LR\n"), std::string::npos) << text;
  EXPECT_NE(text.find("over     file " + file + ":2: 1e-4\n"), std::string::npos) << text;
  EXPECT_NE(text.find("default  0.0005\n"), std::string::npos) << text;
}

// YAML 1.1 readers turn these words into a bool, a string and an octal number.
TEST_F(OptionsTest, YamlValuesAreReadAsTheDeclaredType) {
  resolve({write("a.yaml",
                 "data: {target_lang: no, path: 007}\noptim: {lr: 1e-4, betas: [1e-1, 0.5]}\nvalid: {metrics: [no, "
                 "'a,b']}\ntrain: {fp16: yes}\n")});
  EXPECT_EQ(config_.language, "no");
  EXPECT_EQ(config_.train_path, "007");
  EXPECT_EQ(config_.lr, 1e-4);
  EXPECT_EQ(config_.betas, (std::vector<double>{0.1, 0.5}));
  EXPECT_EQ(config_.metrics, (std::vector<std::string>{"no", "a,b"}));
  EXPECT_TRUE(config_.fp16);
}

TEST_F(OptionsTest, DumpedConfigurationReadsBackToTheSameValues) {
  resolve({"--lr", "1e-7", "--target_lang", "no: \"x\" # 1\n", "--name", "sgd", "--metrics", "yes,1e4", "--fp16"});
  const std::string dump = dump_config(registry_);
  const TrainConfig before = config_;
  config_ = {};
  resolve({write("dump.yaml", dump)});
  EXPECT_EQ(config_.lr, before.lr);
  EXPECT_EQ(config_.language, before.language);
  EXPECT_EQ(config_.algorithm, before.algorithm);
  EXPECT_EQ(config_.metrics, before.metrics);
  EXPECT_EQ(config_.fp16, before.fp16);
  EXPECT_EQ(dump_config(registry_), dump);
  EXPECT_NE(dump.find("metrics: [\"yes\", \"1e4\"]"), std::string::npos) << dump;
}

TEST_F(OptionsTest, UnknownNamesAreRefusedWithTheNearest) {
  EXPECT_NE(refusal({"--warmup-update", "3"}).find("unknown flag --warmup-update, the nearest is --warmup-updates"),
            std::string::npos);
  EXPECT_NE(refusal({"optim.rl=3"}).find("unknown key optim.rl, the nearest is optim.lr"), std::string::npos);
  EXPECT_EQ(refusal({write("a.yaml", "train:\n  fp16: true\noptim:\n  # comment\n  rl: 3\n")}),
            "[" + (folder_ / "a.yaml").string() + ":5] unknown key optim.rl, the nearest is optim.lr");
  EXPECT_NE(refusal({write("b.yaml", "lr: 3\n")}).find(":1] unknown key lr, the nearest is optim.lr"),
            std::string::npos);
  EXPECT_NE(refusal({write("c.yaml", "optm:\n  lr: 3\n")}).find(":1] unknown key optm, the nearest is optim"),
            std::string::npos);
  EXPECT_NE(refusal({"a", "b"}).find("\"b\""), std::string::npos) << "one positional too many";
}

TEST_F(OptionsTest, UnfittingValuesNameTheirSourceAndType) {
  EXPECT_EQ(refusal({"--lr", "fast"}), "[--optim.lr] optim.lr must be number, 0 to 10, not \"fast\"");
  EXPECT_NE(refusal({"--lr", "11"}).find("0 to 10"), std::string::npos);
  EXPECT_NE(refusal({"--lr", "nan"}).find("not \"nan\""), std::string::npos);
  EXPECT_NE(refusal({"--warmup-updates", "1.5"}).find("integer"), std::string::npos);
  EXPECT_NE(refusal({"--warmup-updates"}).find("warmup-updates"), std::string::npos) << "value missing";
  EXPECT_NE(refusal({"--name", "lion"}).find("sgd|adam"), std::string::npos);
  EXPECT_NE(refusal({}, {{"LOWBIT_TRAIN_FP16", "maybe"}}).find("[LOWBIT_TRAIN_FP16]"), std::string::npos);
  EXPECT_NE(refusal({"--betas", "0.9,x"}).find("list of number"), std::string::npos);
  EXPECT_NE(refusal({write("a.yaml", "optim:\n  lr: [1, 2]\n")}).find("a.yaml:2] optim.lr must be number"),
            std::string::npos);
  EXPECT_NE(refusal({write("b.yaml", "optim:\n  betas: {a: 1}\n")}).find("not a map"), std::string::npos);
}

TEST_F(OptionsTest, BrokenFilesNameTheLine) {
  EXPECT_NE(refusal({(folder_ / "none.yaml").string()}).find("none.yaml] no such configuration"), std::string::npos);
  EXPECT_NE(refusal({write("a.yaml", "optim:\n  lr: 1\n lr: [\n")}).find("a.yaml:"), std::string::npos);
  EXPECT_NE(refusal({write("b.yaml", "optim:\n  lr: 1\n  lr: 2\n")}).find("b.yaml:3] optim.lr is given twice"),
            std::string::npos);
  EXPECT_NE(refusal({write("c.yaml", "- 1\n")}).find("map of sections"), std::string::npos);
  EXPECT_NE(refusal({write("d.yaml", "extends: nothing\n")}).find("no recipe \"nothing\""), std::string::npos);
  write("recipes/deep.yaml", "extends: base\n");
  EXPECT_NE(refusal({write("e.yaml", "extends: deep\n")}).find("cannot itself extend"), std::string::npos);
  resolve({write("empty.yaml", "")});
}

TEST_F(OptionsTest, ArgumentsAfterTwoDashesAreNeverFlags) {
  resolve({"--", "--lr"});
  EXPECT_EQ(config_.train_path, "--lr");
  resolve({"--", "a.b=c"});
  EXPECT_EQ(config_.train_path, "a.b=c");
}

TEST(OptionRegistry, RefusesContradictoryDeclarations) {
  int64_t a = 0, b = 0;
  OptionRegistry twice;
  twice.add("x.a", a, "");
  EXPECT_THROW(twice.add("x.a", b, ""), Error);
  EXPECT_THROW(twice.add("nosection", b, ""), Error);
  OptionRegistry clash;
  clash.add("x.a", a, "").alias("same");
  clash.add("x.b", b, "").alias("same");
  EXPECT_THROW(clash.check_declarations(), Error);
}

TEST(OptionRegistry, RequiredValuesAndRestArguments) {
  std::string model;
  std::vector<std::string> files;
  OptionRegistry registry;
  registry.add("generate.model", model, "model folder").positional("MODEL").required();
  registry.add("generate.files", files, "inputs").positional("FILE");
  EXPECT_THROW(resolve_options(registry, {}, {}), Error);
  resolve_options(registry, std::vector<std::string>{"m", "a", "b,c"}, {});
  EXPECT_EQ(model, "m");
  EXPECT_EQ(files, (std::vector<std::string>{"a", "b,c"}));
  EXPECT_EQ(usage_line(registry), " MODEL [FILE ...] [flags]");
}

TEST(OptionRegistry, ALetterTakesOneDashOrTwo) {
  OptionRegistry registry;
  int64_t m = 0;
  Option& option = registry.add("bench.m", m, "rows");
  EXPECT_EQ(registry.flags(option), (std::vector<std::string>{"--bench.m", "-m", "--m"}));
}

TEST(OptionRegistry, AnUnknownChoiceNamesTheNearest) {
  OptionRegistry registry;
  std::string name = "decode";
  Option& option = registry.add("bench.name", name, "what").choices({"decode", "linear"});
  try {
    option.assign("liner", Origin::flag, "--name");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[--name] bench.name must be decode|linear, not \"liner\"; the nearest is \"linear\"");
  }
}

}  // namespace
}  // namespace lowbit
