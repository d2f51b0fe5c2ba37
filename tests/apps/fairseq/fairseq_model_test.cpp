#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/files/safetensors.h"
#include "nn/module_state.h"
#include "nn/transformer/seq2seq.h"
#include "tests/apps/tiny_run.h"
#include "tests/nn/checkpoint/fairseq_archive.h"

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

TEST_F(FairseqModel, InspectNamesEveryTensorOfTheFile) {
  const std::string file = golden("fairseq/transformer_post.pt"), text = run({"inspect", file}).out;
  EXPECT_EQ(text.find(file + "  bits W-E-A"), 0u) << "not the folder around it";
  for (const char* line :
       {"encoder.layers.0.layer_norms.1.bias in the file is encoder.layers.0.final_layer_norm.bias",
        "decoder.layers.1.encoder_attn.in_proj_weight in the file is split into its projections",
        "decoder.embed_tokens.weight in the file is a copy of the token table",
        "decoder.version in the file is no weight, ignored",
        "fairseq transformer_wmt_en_de: 85 tensors used, 20 of them renamed, 1 copies of the token table, 4 ignored, "
        "12 stacked projections split"})
    EXPECT_NE(text.find(std::string("\n") + line + "\n"), std::string::npos) << line << text;
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

/// A small random transformer as fairseq saved it, its dictionary beside it, through every verb that reads models; data
/// that fairseq-preprocess wrote (tests/golden/make_fairseq_data.py).
class FairseqVerbs : public test::TinyRun {
 protected:
  static constexpr int64_t kRows = 24;

  FairseqVerbs() {
    fs::create_directory(path("model"));
    Seq2Seq model({.vocab = kRows, .dim = 16, .encoder_layers = 1, .decoder_layers = 1, .heads = 2, .ffn_dim = 24}, 3);
    StateDict weights = module_state(model);
    for (const char* side : {"encoder", "decoder"})
      weights.tensors[std::string(side) + ".embed_tokens.weight"] = weights.tensors.at("embed_tokens.weight");
    weights.tensors.erase("embed_tokens.weight");
    const nlohmann::json args = {
        {"arch", "transformer"},        {"encoder_embed_dim", 16},     {"decoder_embed_dim", 16},
        {"encoder_ffn_embed_dim", 24},  {"decoder_ffn_embed_dim", 24}, {"encoder_attention_heads", 2},
        {"decoder_attention_heads", 2}, {"encoder_layers", 1},         {"decoder_layers", 1},
        {"share_all_embeddings", true}, {"max_source_positions", 200}, {"max_target_positions", 200}};
    test::write(checkpoint(), test::fairseq_archive(args, weights));
    for (const char* side : {"dict.src.txt", "dict.tgt.txt"}) fs::copy_file(data() + "/" + side, path("model/") + side);
  }
  std::string checkpoint() const { return path("model/checkpoint_best.pt"); }
  static std::string data() { return golden("fairseq_data/binary"); }
  test::Outcome succeed(const std::vector<std::string>& arguments) {
    test::Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << arguments[0] << ": " << outcome.err;
    return outcome;
  }
  std::vector<std::string> on_data(const std::string& verb, const std::string& name,
                                   const std::vector<std::string>& more) {
    std::vector<std::string> all = training(verb, name, more);
    all[1] = data();
    return all;
  }
  std::vector<std::string> without_arch(std::vector<std::string> all) {
    const auto arch = std::find(all.begin(), all.end(), "--arch");
    all.erase(arch, arch + 2);
    return all;
  }
};

TEST_F(FairseqVerbs, ReadTheCheckpointAsTheFolderAroundIt) {
  const std::string input = write("input", "one two\n\nthree unheard\n");
  EXPECT_EQ(succeed({"tokenize", checkpoint(), "--input", input}).out.substr(0, 2), "9 ");
  const std::string text = succeed({"generate", checkpoint(), "--input", input}).out;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_EQ(succeed({"generate", path("model"), "--input", input}).out, text);
  const auto scored = nlohmann::json::parse(succeed({"eval", checkpoint(), path("data/test.tsv"), "--json"}).out);
  EXPECT_GT(scored["nll_loss"], 2);
  succeed({"export", checkpoint(), "--out", path("packed")});
  EXPECT_EQ(succeed({"generate", path("packed"), "--input", input}).out, text);
  expect_same_file("packed/dict.txt", "model/dict.src.txt");
}

TEST_F(FairseqVerbs, ReadWhatFairseqPreprocessWrote) {
  const auto eval = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"eval", checkpoint(), data(), "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return nlohmann::json::parse(succeed(arguments).out);
  };
  const nlohmann::json expected = nlohmann::json::parse(test::contents(golden("fairseq_data/expected.json")))["binary"];
  std::string tsv;
  for (size_t i = 0; i < expected["test.src"].size(); ++i)
    tsv += expected["test.src"][i].get<std::string>() + "\t" + expected["test.tgt"][i].get<std::string>() + "\n";
  const auto from_text = nlohmann::json::parse(succeed({"eval", checkpoint(), write("t.tsv", tsv), "--json"}).out);
  for (const char* figure : {"rows", "nll_loss", "bleu"}) EXPECT_EQ(eval({})[figure], from_text[figure]) << figure;
  EXPECT_EQ(eval({"--gen-subset", "train"})["rows"], 24);
  const std::string text = succeed({"generate", checkpoint(), "--input", data(), "--gen-subset", "valid"}).out;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
}

TEST_F(FairseqVerbs, TrainAndDistilOnIt) {
  succeed(on_data("train", "fresh", {}));
  expect_same_file("fresh/dict.txt", "model/dict.src.txt");
  succeed(without_arch(on_data("train", "tuned", {"--finetune-from", checkpoint()})));
  succeed(without_arch(on_data("distill", "student", {"--teacher", checkpoint(), "--recipe", "tbt-2-2-8"})));
  succeed({"eval", path("student"), data()});
  // The teacher's dictionary also fits text.
  succeed(without_arch(training("distill", "of-text", {"--teacher", checkpoint(), "--recipe", "tbt-2-2-8"})));
  expect_same_file("of-text/dict.txt", "model/dict.src.txt");
}

TEST_F(FairseqVerbs, DataOfAnotherDictionaryIsRefused) {
  fs::create_directory(path("other"));
  for (const auto& file : fs::directory_iterator(data())) fs::copy_file(file, path("other") / file.path().filename());
  for (const char* side : {"src", "tgt"}) write(std::string("other/dict.") + side + ".txt", "uno 1\n");
  test::expect_failure(run({"eval", checkpoint(), path("other")}), 4, {"dict.src.txt", "another dictionary"});
  test::expect_failure(run({"eval", checkpoint(), path("model")}), 3, {"no test.SOURCE-TARGET"});
  write("other/test.src-tgt.src.idx", "MMIDIDX");
  test::expect_failure(run({"eval", path("model"), path("other"), "--gen-subset", "test"}), 4, {"dict.src.txt"});
  for (const char* side : {"dict.src.txt", "dict.tgt.txt"})
    fs::copy_file(data() + "/" + side, path("other/") + side, fs::copy_options::overwrite_existing);
  test::expect_failure(run({"eval", checkpoint(), path("other")}), 3, {"test.src-tgt.src.idx", "MMIDIDX"});
}

}  // namespace
}  // namespace lowbit
