#include <filesystem>

#include "core/files/safetensors.h"
#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

class Average : public test::TinyRun {
 protected:
  std::string run_of(const std::string& name, const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = {"--max-update", "4", "--save.interval", "1", "--keep-last", "4"};
    all.insert(all.end(), more.begin(), more.end());
    return trained(name, all);
  }
  test::Outcome succeed(const std::vector<std::string>& arguments) {
    test::Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << arguments[0] << ": " << outcome.err;
    return outcome;
  }
  StateDict weights(const std::string& folder) { return load_safetensors(path(folder + "/model.safetensors")); }
};

TEST_F(Average, IsTheMeanOfTheLastCheckpointsElementByElement) {
  for (const std::string name : {"float", "low"}) {
    run_of(name, name == "low" ? std::vector<std::string>{"--recipe", "tbt-2-2-8"} : std::vector<std::string>{});
    succeed({"average", path(name), "--last", "3", "--out", path(name + "-mean")});
    const StateDict mean = weights(name + "-mean"), last = weights(name + "/checkpoint-4");
    std::vector<StateDict> states;
    for (const char* number : {"2", "3", "4"}) states.push_back(weights(name + "/checkpoint-" + number));
    ASSERT_EQ(mean.tensors.size(), last.tensors.size());
    EXPECT_EQ(mean.metadata, last.metadata);  // which slots are calibrated is of the last
    size_t moved = 0;
    for (const auto& [path, tensor] : mean.tensors) {
      const std::vector<float> values = tensor.to_vector<float>();
      for (size_t i = 0; i < values.size(); ++i) {
        double sum = 0;
        for (const StateDict& state : states) sum += double{state.tensors.at(path).data<float>()[i]};
        EXPECT_EQ(values[i], static_cast<float>(sum / 3)) << path << ' ' << i;
      }
      moved += values != last.tensors.at(path).to_vector<float>();
    }
    EXPECT_GT(moved, mean.tensors.size() / 2);
    const std::string input = write("input", "one two\nthree\n");
    succeed({"eval", path(name + "-mean"), path("data/test.tsv")});
    succeed({"export", path(name + "-mean"), "--out", path(name + "-packed")});
    EXPECT_EQ(succeed({"generate", path(name + "-packed"), "--input", input}).out,
              succeed({"generate", path(name + "-mean"), "--input", input}).out);
  }
}

TEST_F(Average, TakesAListAndFairseqsFlags) {
  run_of("run");
  const std::string a = path("run/checkpoint-3"), b = path("run/checkpoint-4");
  succeed({"average", a, b, "--out", path("list")});
  succeed({"average", "--inputs", path("run"), "--num-update-checkpoints", "2", "--output", path("flags")});
  expect_same_file("list/model.safetensors", "flags/model.safetensors");
  succeed({"average", b, b, b, "--out", path("same")});
  const StateDict same = weights("same"), alone = weights("run/checkpoint-4");
  for (const auto& [path, tensor] : same.tensors)
    EXPECT_EQ(tensor.to_vector<float>(), alone.tensors.at(path).to_vector<float>()) << path;
}

TEST_F(Average, RefusesModelsThatDifferByNamingWhatDiffers) {
  const std::string run_folder = run_of("run");
  run_of("wide", {"--model.ffn_dim", "48"});
  run_of("deep", {"--encoder-layers", "3"});
  run_of("heads", {"--model.heads", "4"});
  run_of("low", {"--recipe", "tbt-2-2-8"});
  const auto refused = [&](const std::vector<std::string>& models, int code, const std::vector<std::string>& words) {
    std::vector<std::string> arguments = {"average", "--out", path("mean")};
    arguments.insert(arguments.end(), models.begin(), models.end());
    test::expect_failure(run(arguments), code, words);
    EXPECT_FALSE(fs::exists(path("mean")));
  };
  refused({run_folder, path("wide")}, 4, {"wide", "decoder.layers.0.fc1.bias", "[48]"});
  refused({run_folder, path("deep")}, 4, {"deep", "encoder.layers.2."});
  refused({path("deep"), run_folder}, 4, {"run", "no tensor encoder.layers.2."});
  refused({run_folder, path("heads")}, 4, {"heads", "another architecture"});
  refused({run_folder, path("low")}, 4, {"low", "holds", "nothing"});
  fs::create_directory(path("words"));
  for (const char* file : {"train.tsv", "dev.tsv"}) write(std::string("words/") + file, rows(0, 40));
  run_of("other", {"--data.dir", path("words")});
  refused({run_folder, path("other")}, 4, {"other", "another tokenizer than"});
  refused({run_folder}, 2, {"--last N"});
  refused({run_folder, path("wide"), "--last", "2"}, 2, {"--last", "one run"});
  refused({run_folder, "--last", "5"}, 4, {"holds 4 checkpoints, not 5", "save.keep_last"});
  succeed({"export", path("low"), "--out", path("packed")});
  refused({path("packed"), path("packed")}, 2, {"packed", "codes have no mean"});
}

}  // namespace
}  // namespace lowbit
