#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

using nlohmann::json;
using test::expect_failure;

class PrecisionRun : public test::TinyRun {
 protected:
  std::vector<json> records(const std::string& name, const std::string& kind) const {
    std::vector<json> found;
    std::istringstream lines(read(name + "/metrics.jsonl"));
    for (std::string line; std::getline(lines, line);)
      if (json record = json::parse(line); record.at("kind") == kind) found.push_back(std::move(record));
    return found;
  }
};

TEST_F(PrecisionRun, EveryPolicyTrainsDistilsPacksAndTranslates) {
  for (const char* policy : {"fp16", "fp16-lean", "bf16", "bf16-sr"}) {
    const std::string teacher = trained(std::string("teacher-") + policy, {"--precision.policy", policy});
    const std::string student = std::string("student-") + policy;
    EXPECT_EQ(
        run(training("distill", student, {"--teacher", teacher, "--recipe", "tbt-2-2-8", "--precision.policy", policy}))
            .code,
        0)
        << policy;
    EXPECT_EQ(run({"export", path(student), "--out", path(student + "-packed")}).code, 0) << policy;
    EXPECT_EQ(run({"generate", path(student + "-packed"), "--input", write("in.txt", "one two\n")}).code, 0) << policy;
  }
}

TEST_F(PrecisionRun, FairseqsFlagsAreOurOptions) {
  const test::Outcome outcome =
      run(training("train", "x",
                   {"--fp16", "--fp16-init-scale", "4", "--fp16-scale-window", "128", "--fp16-scale-tolerance", "0.25",
                    "--min-loss-scale", "0.0001", "--threshold-loss-scale", "0.5", "--dump-config"}));
  for (const char* line :
       {"policy: \"fp16\"", "init: 4", "interval: 128", "tolerance: 0.25", "min: 0.0001", "threshold: 0.5"})
    EXPECT_NE(outcome.out.find(line), std::string::npos) << line;
  EXPECT_NE(run(training("train", "x", {"--bf16", "--dump-config"})).out.find("policy: \"bf16\""), std::string::npos);
  EXPECT_NE(run(training("train", "x", {"--memory-efficient-fp16", "--dump-config"})).out.find("policy: \"fp16-lean\""),
            std::string::npos);
}

TEST_F(PrecisionRun, SkipsAreCountedLoggedAndKept) {
  const test::Outcome outcome = train("a", {"--fp16", "--loss_scale.preset", "torch", "--fp16-init-scale", "4294967296",
                                            "--max-update", "3", "--log.interval", "1"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("attempt 1: gradient overflow, update 1 skipped, loss scale 4294967296 -> 2147483648"),
            std::string::npos)
      << outcome.err;
  const json last = records("a", "train_inner").back();
  EXPECT_EQ(last.at("num_updates"), 3);
  EXPECT_GT(last.at("skipped_updates"), 10);
  EXPECT_EQ(last.at("attempts").get<int>(), 3 + last.at("skipped_updates").get<int>());
  const json state = json::parse(read("a/checkpoint_last/state.json"));
  EXPECT_EQ(state.at("skipped"), last.at("skipped_updates"));
  EXPECT_EQ(json::parse(state.at("extra").at("loss_scaler").get<std::string>()).at("scale"), last.at("loss_scale"));
}

/// A checkpoint between two overflows, and a run that went on from it.
TEST_F(PrecisionRun, ResumeInTheMiddleOfAScaleSearchIsBitIdentical) {
  const std::vector<std::string> options = {"--fp16", "--loss_scale.interval",   "1", "--fp16-init-scale",
                                            "65536",  "--loss_scale.hysteresis", "3"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), options.begin(), options.end());
    return more;
  };
  trained("straight", with({"--max-update", "8", "--schedule", "fixed"}));
  trained("stopped", with({"--max-update", "3", "--schedule", "fixed"}));
  trained("stopped", with({"--max-update", "8", "--schedule", "fixed"}));
  EXPECT_GT(json::parse(read("straight/checkpoint_last/state.json")).at("skipped"), 0);
  for (const char* file : {"model.safetensors", "optimizer.safetensors", "state.json"})
    expect_same_file(std::string("straight/checkpoint_last/") + file, std::string("stopped/checkpoint_last/") + file);
}

TEST_F(PrecisionRun, ASkippedBatchCanBeTriedAgain) {
  const std::vector<std::string> options = {"--fp16",     "--loss_scale.preset", "torch", "--fp16-init-scale",
                                            "4294967296", "--loss_scale.retry",  "40",    "--max-update",
                                            "2"};
  trained("again", options);
  const json state = json::parse(read("again/checkpoint_last/state.json"));
  EXPECT_GT(state.at("skipped"), 0);
  trained("calm", {"--fp16", "--max-update", "2", "--loss_scale.init", "1"});
  EXPECT_EQ(state.at("batch"), json::parse(read("calm/checkpoint_last/state.json")).at("batch"))
      << "no batch was lost to the search";
}

TEST_F(PrecisionRun, ThePlanIsPrintedAndNothingIsTrained) {
  const test::Outcome outcome =
      train("x", {"--fp16", "--dump-precision-plan", "--precision.sites", "decoder.*.encoder_attn.q_proj=fp32",
                  "--precision.exponents", "encoder=6"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  for (const char* part :
       {"policy fp16", "quantized_linear", "decoder.layers.0.encoder_attn.q_proj", "f32", "gradients times 2^6"})
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << " in\n" << outcome.out;
  EXPECT_FALSE(std::filesystem::exists(path("x")));
}

TEST_F(PrecisionRun, ThePlanSaysHowMatricesAreMultiplied) {
  EXPECT_NE(train("x", {"--dump-precision-plan"}).out.find("products f32; of quantized layers: forward in integers"),
            std::string::npos);
  EXPECT_NE(train("x", {"--fp16", "--dump-precision-plan"}).out.find("products of f16 operands"), std::string::npos);
  EXPECT_NE(train("x", {"--matmul", "int8", "--dump-precision-plan"}).out.find("in integers too, from 8-bit gradients"),
            std::string::npos);
}

TEST_F(PrecisionRun, SitesComeFromAMapToo) {
  const std::string config = write("sites.yaml", R"(precision:
  policy: fp16
  sites:
    "decoder.*.encoder_attn.q_proj": fp32
    "{encoder,decoder}.layers.0.fc1": bf16
)");
  const test::Outcome outcome = train("x", {"--config", config, "--dump-precision-plan"});
  EXPECT_NE(outcome.out.find("encoder.layers.0.fc1"), std::string::npos) << outcome.out << outcome.err;
  EXPECT_NE(outcome.out.find("bf16"), std::string::npos);
}

TEST_F(PrecisionRun, BadInputGetsOneLine) {
  expect_failure(train("x", {"--fp16", "--precision.sites", "decoder.layers.0.encoder_atn=fp32"}), 2,
                 {"matches no module", "decoder.layers.0.encoder_attn"});
  expect_failure(train("x", {"--fp16", "--precision.sites", "decoder=fp8"}), 2, {"fp32|fp16|bf16"});
  expect_failure(train("x", {"--fp16", "--precision.exponents", "decoder"}), 2, {"PATTERN=INTEGER"});
  expect_failure(train("x", {"--fp16", "--bf16"}), 2, {"--bf16", "precision.policy"});
  expect_failure(train("x", {"--fp16", "--fp16-init-scale", "100"}), 2, {"power of two"});
  expect_failure(train("x", {"--min-loss-scale", "1"}), 2, {"loss_scale.min", "--fp16"});
  trained("kept");
  expect_failure(train("kept", {"--fp16", "--max-update", "4"}), 2, {"precision.policy", "another run.dir"});
}

/// Layers of signs with the published output rescaling and no constraint under f16: a run that fairseq ends with
/// "Minimum loss scale reached".
TEST_F(PrecisionRun, ABrokenLayerIsNamed) {
  const std::string recipe = write("plain.yaml", R"(name: plain-bitlinear
bits: {weights: 1, embeddings: 32, activations: 32, output: 32}
rules:
  - "{encoder,decoder}.layers.*.{fc1,fc2}.weight": svcd_weight
  - "{encoder,decoder}.layers.*.{fc1,fc2}.output": svcd_output mode=public_bitlinear
)");
  const std::vector<std::string> options = {"--recipe", recipe, "--loss_scale.preset", "fairseq", "--fp16"};
  const test::Outcome outcome = train("x", options);
  EXPECT_EQ(outcome.code, 5) << outcome.err;
  for (const char* part : {"is at its floor", ".fc2/rescale_as_published", "The same at 1/1024 of the loss scale"})
    EXPECT_NE(outcome.err.find(part), std::string::npos) << part << " in " << outcome.err;
  trained("y", {"--recipe", recipe, "--bf16"});
}

}  // namespace
}  // namespace lowbit
