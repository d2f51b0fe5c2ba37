#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/files/safetensors.h"
#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

std::string golden(const std::string& name) { return LB_TEST_DIR "/golden/" + name; }

/// `lowbit trace CHECKPOINT.pt` against the figures of transformers for the same weights (tests/golden/make_hf.py).
class FairseqTrace : public test::TinyRun, public ::testing::WithParamInterface<const char*> {};

TEST_P(FairseqTrace, GivesTransformersLogits) {
  const std::string name = GetParam(), folder = golden("hf_" + name);
  const test::Outcome outcome = run(
      {"trace", golden("fairseq/" + name + ".pt"), "--inputs", folder + "/expected.safetensors", "--out", path("out")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const StateDict out = load_safetensors(path("out")), expected = load_safetensors(folder + "/expected.safetensors");
  const std::vector<float> logits = out.tensors.at("logits").to_vector<float>(),
                           wanted = expected.tensors.at("logits").to_vector<float>(),
                           bias = load_safetensors(folder + "/model.safetensors")
                                      .tensors
                                      .at("final_logits_bias")  // fairseq has none
                                      .to_vector<float>();
  ASSERT_EQ(logits.size(), wanted.size());
  for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i] + bias[i % bias.size()], wanted[i], 2e-5);
  const std::vector<float> states = out.tensors.at("encoder_last_hidden_state").to_vector<float>(),
                           wanted_states = expected.tensors.at("encoder_last_hidden_state").to_vector<float>();
  for (size_t i = 0; i < states.size(); ++i) EXPECT_NEAR(states[i], wanted_states[i], 2e-5);
}

INSTANTIATE_TEST_SUITE_P(Golden, FairseqTrace, ::testing::Values("bart", "mbart"),
                         [](const auto& test) { return std::string(test.param); });

class FairseqModel : public test::TinyRun {};

TEST_F(FairseqModel, InspectTellsWhatTheImportDid) {
  const test::Outcome outcome = run({"inspect", golden("fairseq/transformer_post.pt"), "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const auto record = nlohmann::json::parse(outcome.out)["import"];
  EXPECT_EQ(record["model_type"], "transformer_wmt_en_de");
  EXPECT_EQ(record["renamed"]["encoder.layers.0.layer_norms.1.bias"], "encoder.layers.0.final_layer_norm.bias");
  EXPECT_EQ(record["aliases"].size(), 1u);
  EXPECT_EQ(record["ignored"].size(), 4u);
}

TEST_F(FairseqModel, ExportsAsAHuggingFaceFolderWithTheSameWeights) {
  const test::Outcome outcome = run({"export", golden("fairseq/bart.pt"), "--format", "hf", "--out", path("folder")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const StateDict written = load_safetensors(path("folder/model.safetensors"));
  for (const auto& [name, tensor] : load_safetensors(golden("hf_bart/model.safetensors")).tensors) {
    if (name == "final_logits_bias") continue;
    EXPECT_EQ(written.tensors.at(name).to_vector<float>(), tensor.to_vector<float>()) << name;
  }
}

TEST_F(FairseqModel, BadCheckpointsAreOneLine) {
  test::expect_failure(run({"inspect", write("cut.pt", test::contents(golden("fairseq/mbart.pt")).substr(0, 9000))}), 4,
                       {"cut.pt", "cut off"});
  test::expect_failure(run({"inspect", write("none.pt", "no checkpoint")}), 4, {"none.pt", "no file that torch.save"});
  test::expect_failure(run({"inspect", golden("torch/training.bin")}), 4, {"training.bin", "fairseq checkpoint"});
}

}  // namespace
}  // namespace lowbit
