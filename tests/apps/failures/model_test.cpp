#include <fstream>

#include "apps/lib/model/model_folder.h"
#include "apps/lib/model/recipe_folder.h"
#include "core/files/safetensors.h"
#include "nn/model_state.h"
#include "nn/quant/recipe.h"
#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

class BadModel : public test::TinyRun {
 protected:
  std::string exported(const std::string& run_folder) {
    const test::Outcome outcome = run({"export", run_folder, "--out", path("model")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return path("model");
  }
  /// What reads a model folder and its tokenizer.
  std::vector<std::vector<std::string>> users(const std::string& model) {
    const std::string input = write("input", "one two\n");
    return {{"generate", model, "--input", input},
            {"eval", model, path("data/test.tsv")},
            {"compare", path("data"), model},
            {"export", model, "--out", path("again")}};
  }
};

TEST_F(BadModel, ADamagedFileIsRefusedByEveryVerb) {
  const std::string model = exported(trained("run")), weights = model + "/" + kWeightsFile;
  const std::string whole = read("model/model.safetensors");
  std::string flipped = whole, header = whole;
  flipped[whole.size() - 50] ^= 1;
  header[8] = 'x';
  for (const std::string& broken : {flipped, header, whole.substr(0, whole.size() / 2), std::string()}) {
    write("model/model.safetensors", broken);
    auto commands = users(model);
    commands.push_back({"inspect", model});
    for (const auto& command : commands) {
      SCOPED_TRACE(command[0]);
      expect_failure(run(command), 4, {weights});
    }
    fs::remove(model + "/checksums.txt");  // the format itself must do then
    if (broken != flipped) expect_failure(run({"inspect", model}), 4, {weights});
    write("model/model.safetensors", whole);
    EXPECT_EQ(run({"export", model, "--out", path("again")}).code, 0);
    fs::remove_all(model);
    fs::rename(path("again"), model);
  }
}

TEST_F(BadModel, ATokenizerThatIsBrokenMissingOrOfAnotherSizeIsRefused) {
  const std::string model = exported(trained("run")), tokenizer = model + "/" + kTokenizerFile;
  fs::create_directory(path("larger"));
  for (const char* file : {"train.tsv", "dev.tsv"}) fs::copy(path("data/") + file, path("larger/") + file);
  const std::string larger = trained("other", {"--data.dir", path("larger"), "--vocab-size", "52"});
  const auto expect_refused = [&](const std::vector<std::string>& words) {
    for (const auto& command : users(model)) {
      SCOPED_TRACE(command[0]);
      expect_failure(run(command), 4, words);
    }
  };
  fs::copy_file(larger + "/" + kTokenizerFile, tokenizer, fs::copy_options::overwrite_existing);
  expect_refused({tokenizer, "52 pieces", "48 rows"});
  std::ofstream(tokenizer) << "junk";
  expect_refused({tokenizer, "no sentencepiece model"});
  fs::remove(tokenizer);
  expect_refused({kTokenizerFile, model});
}

TEST_F(BadModel, ATeacherOrStartBringsItsVocabularyAndRefusesAnother) {
  const std::string model = trained("run");
  for (const char* size : {"52", "48"}) {
    fs::remove_all(path("other"));
    fs::create_directory(path("other"));
    write("other/train.tsv", rows(3, 19));
    write("other/dev.tsv", rows(24, 28));
    const std::vector<std::string> other = {"--data.dir", path("other"), "--vocab-size", size};
    auto distilling = training("distill", "student", other), tuning = training("train", "tuned", other);
    distilling.insert(distilling.end(), {"--teacher", model, "--recipe", "tbt-2-2-8"});
    tuning.insert(tuning.end(), {"--finetune-from", model});
    for (const auto& command : {distilling, tuning}) EXPECT_EQ(run(command).code, 0);
    EXPECT_FALSE(fs::exists(path("other/") + kTokenizerFile)) << "nothing was learned";
    expect_same_file("student/sentencepiece.bpe.model", "run/sentencepiece.bpe.model");
    fs::remove_all(path("student"));
    fs::remove_all(path("tuned"));
    trained("stranger", other);
    for (auto command : {distilling, tuning}) {
      command.insert(command.end(), {"--data.tokenizer", path("other")});
      expect_failure(run(command), 2, {model, "vocabulary", "data.tokenizer"});
    }
    fs::remove_all(path("stranger"));
  }
}

TEST_F(BadModel, LearnedScalesThatWereNeverCalibratedAreNamedOnce) {
  const std::string model = exported(trained("run")), weights = model + "/" + kWeightsFile;
  EXPECT_EQ(run(users(model)[0]).err, "");
  LoadedModel loaded = load_model(trained("run"));
  apply(load_recipe("tbt-1-1-1"), *loaded.model);
  save_safetensors(weights, model_state(*loaded.model));
  fs::remove(model + "/checksums.txt");
  auto commands = users(model);
  commands.push_back({"inspect", model});
  for (const auto& command : commands) {
    SCOPED_TRACE(command[0]);
    const test::Outcome outcome = run(command);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err.find("warning: " + weights), 0u) << outcome.err;
    EXPECT_NE(outcome.err.find("the learned scale of encoder.layers.0."), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find('\n', outcome.err.find("never calibrated")), outcome.err.size() - 1) << outcome.err;
  }
}

class DamagedCheckpoint : public test::TinyRun {
 protected:
  /// Ways in which checkpoint-2 may be found after a crash or on a bad disk.
  void damage(int way) {
    const std::string folder = fs::canonical(path("run/checkpoint_last")).string();
    const std::string file = folder + (way % 2 ? "/optimizer.safetensors" : "/model.safetensors");
    std::string bytes = test::contents(file);
    if (way < 2) {
      bytes[bytes.size() - 9] ^= 4;
      std::ofstream(file, std::ios::binary) << bytes;
    } else if (way < 4) {
      fs::resize_file(file, bytes.size() / 2);
    } else if (way == 4) {
      fs::remove(file);
    } else {
      fs::remove(folder + "/checksums.txt");
    }
  }
};

TEST_F(DamagedCheckpoint, TheRunFallsBackToTheOneBeforeAndEndsAsIfNothingHadBeen) {
  trained("whole", {"--max-update", "4"});
  for (int way = 0; way < 6; ++way) {
    SCOPED_TRACE(way);
    fs::remove_all(path("run"));
    fs::copy(path("whole"), path("run"), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    damage(way);
    const test::Outcome outcome = train("run", {"--max-update", "4"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err.find("warning: going on from checkpoint-3: "), 0u) << outcome.err;
    EXPECT_NE(outcome.err.find("/checkpoint-4/"), std::string::npos) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    expect_same_file("run/checkpoint_last/model.safetensors", "whole/checkpoint_last/model.safetensors");
    expect_same_file("run/checkpoint_last/optimizer.safetensors", "whole/checkpoint_last/optimizer.safetensors");
  }
}

TEST_F(DamagedCheckpoint, WithoutAWholeOneTheRunIsRefusedAndLeftAlone) {
  trained("run");
  for (const auto& entry : fs::directory_iterator(path("run")))
    if (entry.path().filename().string().starts_with("checkpoint-")) fs::resize_file(entry.path() / "state.json", 5);
  const std::string config = read("run/config.yaml");
  expect_failure(train("run", {"--max-update", "5"}), 4, {"no usable checkpoint in " + path("run"), "state.json"});
  EXPECT_EQ(read("run/config.yaml"), config);
}

TEST_F(DamagedCheckpoint, AFolderOfOtherDataIsRefusedAndLeftAlone) {
  trained("run");
  const std::string config = read("run/config.yaml"), tokenizer = read("run/sentencepiece.bpe.model");
  fs::remove(path("data/sentencepiece.bpe.model"));
  write("data/train.tsv", rows(3, 19));
  expect_failure(train("run", {"--max-update", "5"}), 2, {path("run"), "other data"});
  EXPECT_EQ(read("run/config.yaml"), config);
  EXPECT_TRUE(read("run/sentencepiece.bpe.model") == tokenizer) << "the model's own";
}

}  // namespace
}  // namespace lowbit
