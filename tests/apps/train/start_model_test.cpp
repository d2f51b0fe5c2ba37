#include "apps/lib/train/start_model.h"

#include <algorithm>
#include <cmath>

#include "core/files/safetensors.h"
#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

using StartOfAStudent = test::TinyRun;

TEST_F(StartOfAStudent, IsAnotherRunWhenOneIsGiven) {
  trained("teacher", {});
  const std::vector<std::string> low = {"--teacher", path("teacher"), "--recipe", "tbt-2-2-8"};
  ASSERT_EQ(run(training("distill", "first", low)).code, 0);
  std::vector<std::string> more = low;
  more.insert(more.end(), {"--finetune-from", path("first"), "--output-bits", "2", "--lr", "0"});
  ASSERT_EQ(run(training("distill", "second", more)).code, 0);
  const auto masters = [&](const std::string& name) {
    return load_safetensors(path(name + "/checkpoint_last/model.safetensors"))
        .tensors.at("decoder.layers.0.fc1.weight")
        .to_vector<float>();
  };
  EXPECT_EQ(masters("second"), masters("first")) << "nothing moved at rate 0: it started from the first student";
  EXPECT_NE(masters("first"), masters("teacher"));
  ASSERT_EQ(run({"export", path("first"), "--out", path("packed")}).code, 0);
  more.back() = "0.1";
  *(more.end() - 5) = path("packed");
  const test::Outcome packed = run(training("distill", "third", more));
  EXPECT_EQ(packed.code, 2);
  EXPECT_NE(packed.err.find("is packed"), std::string::npos) << packed.err;
}

TEST_F(StartOfAStudent, IsNoPackedTeacher) {
  trained("teacher");
  ASSERT_EQ(run(training("distill", "first", {"--teacher", path("teacher"), "--recipe", "tbt-2-2-8"})).code, 0);
  ASSERT_EQ(run({"export", path("first"), "--out", path("packed")}).code, 0);
  std::vector<std::string> more = {"--teacher", path("packed"), "--recipe", "tbt-2-2-8"};
  expect_failure(run(training("distill", "second", more)), 2, {path("packed") + " is packed", "run.finetune_from"});
  more.insert(more.end(), {"--data.tokenizer", path("teacher")});
  expect_failure(run(training("distill", "second", more)), 2, {path("packed") + " is packed", "run.finetune_from"});
  more.insert(more.end(), {"--finetune-from", path("teacher")});
  EXPECT_EQ(run(training("distill", "second", more)).code, 0);
}

TEST_F(StartOfAStudent, HasTheShapeOfItsTeacherAndNoOther) {
  trained("teacher", {"--dim", "48"});
  std::vector<std::string> student =
      training("distill", "student", {"--teacher", path("teacher"), "--recipe", "tbt-2-2-8"});
  const auto arch = std::find(student.begin(), student.end(), "--arch");
  student.erase(arch, arch + 2);
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), student.begin(), student.end());
    return run(more);
  };
  expect_failure(with({"--dim", "999"}), 2, {"--model.dim", "model.dim=999", path("teacher"), "(model.dim=48)"});
  expect_failure(with({"--arch", "tiny"}), 2, {"model.arch=tiny", path("teacher")});
  expect_failure(with({"--arch", "bart-base", "--dim", "48"}), 2, {"model.arch=bart-base", path("teacher")});
  EXPECT_FALSE(std::filesystem::exists(path("student"))) << "nothing was started";
  const test::Outcome agreeing = with({"--arch", "tiny", "--dim", "48", "--dropout", "0.3"});
  ASSERT_EQ(agreeing.code, 0) << agreeing.err;
  const std::string config = read("student/config.yaml");
  for (const char* line : {"  arch: \"given\"\n", "  dim: 48\n", "  heads: 2\n", "  dropout: 0.3\n"})
    EXPECT_NE(config.find(line), std::string::npos) << line << config;
  EXPECT_EQ(read_model_config(path("student")).dropout, 0.3);
  ASSERT_EQ(run({"train", path("student/config.yaml"), path("data"), "--run.dir", path("again")}).code, 0);
  EXPECT_EQ(read_model_config(path("again")), read_model_config(path("student")));
  expect_failure(train("fresh", {"--arch", "given"}), 2, {"model.arch=given", "run.finetune_from"});
}

TEST_F(StartOfAStudent, KeepsTheShapeItIsTunedFromAndTakesAnotherDropout) {
  trained("first");
  expect_failure(train("tuned", {"--finetune-from", path("first"), "--ffn-dim", "72"}), 2,
                 {"model.ffn_dim=72", path("first"), "(model.ffn_dim=64)"});
  trained("tuned", {"--finetune-from", path("first"), "--dropout", "0.4"});
  EXPECT_EQ(read_model_config(path("tuned")).dropout, 0.4);
}

TEST_F(StartOfAStudent, FreshWeightsAreDrawnAsAsked) {
  const auto spread = [&](const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"--lr", "0", "--dim", "64", "--ffn-dim", "64"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto weights = load_safetensors(trained(name, arguments) + "/checkpoint_last/model.safetensors")
                             .tensors.at("decoder.layers.0.fc1.weight")
                             .to_vector<float>();
    double squares = 0;
    for (const float w : weights) squares += static_cast<double>(w) * static_cast<double>(w);
    return std::sqrt(squares / static_cast<double>(weights.size()));
  };
  EXPECT_NEAR(spread("normal", {"--model.init", "normal"}), 0.02, 0.001);
  EXPECT_GT(spread("preset", {}), 0.05);
  const std::vector<std::string> bart = {"--arch",           "bart-base", "--heads",          "2",
                                         "--encoder-layers", "1",         "--decoder-layers", "1"};
  std::vector<std::string> wide = bart;
  wide.insert(wide.end(), {"--model.init", "xavier"});
  EXPECT_NEAR(spread("bart", bart), 0.02, 0.001);
  EXPECT_GT(spread("wide", wide), 0.05);
  trained("tuned", {"--finetune-from", path("bart"), "--model.init", "xavier", "--arch", "given"});
  EXPECT_NE(read("tuned/config.yaml").find("  init: \"preset\"\n"), std::string::npos);
}

using StartModel = test::TinyRun;

TEST_F(StartModel, ThatHasNoLayerForInt8SaysSo) {
  const std::string warning = "run.matmul=int8 is bf16 here";
  EXPECT_NE(train("float", {"--matmul", "int8"}).err.find(warning), std::string::npos);
  EXPECT_EQ(train("quantized", {"--matmul", "int8", "--recipe", "tbt-2-2-8"}).err.find(warning), std::string::npos);
}

}  // namespace
}  // namespace lowbit
