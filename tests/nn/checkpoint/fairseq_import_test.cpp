#include "nn/checkpoint/fairseq_import.h"

#include <gtest/gtest.h>

#include "nn/checkpoint/hf_import.h"
#include "nn/module_state.h"
#include "tests/nn/checkpoint/fairseq_archive.h"
#include "tests/nn/checkpoint/hf_folder.h"
#include "tests/support/expect_error.h"
#include "tests/support/golden_model.h"

namespace lowbit {
namespace {

using Json = nlohmann::json;

std::string fairseq_golden(const std::string& name) { return LB_TEST_DIR "/golden/fairseq/" + name; }

/// A small post-norm transformer as fairseq names it, with its arguments.
struct Checkpoint {
  Json args = {{"arch", "transformer"},        {"encoder_embed_dim", 8},      {"decoder_embed_dim", 8},
               {"encoder_ffn_embed_dim", 12},  {"decoder_ffn_embed_dim", 12}, {"encoder_attention_heads", 2},
               {"decoder_attention_heads", 2}, {"encoder_layers", 1},         {"decoder_layers", 1},
               {"share_all_embeddings", true}};
  StateDict weights;

  Checkpoint() {
    TransformerConfig config{
        .vocab = 11, .dim = 8, .encoder_layers = 1, .decoder_layers = 1, .heads = 2, .ffn_dim = 12};
    Seq2Seq model(config, 5);
    weights = module_state(model);
    weights.tensors["encoder.embed_tokens.weight"] = weights.tensors.at("embed_tokens.weight");
    weights.tensors["decoder.embed_tokens.weight"] = weights.tensors.at("embed_tokens.weight");
    weights.tensors.erase("embed_tokens.weight");
  }
  std::string write(const test::TempDir& folder, const std::string& name = "checkpoint_best.pt") const {
    test::write(folder.path(name), test::fairseq_archive(args, weights));
    return folder.path(name);
  }
  ImportedModel import() const {
    const test::TempDir folder;
    return import_fairseq(write(folder));
  }
  void expect_refused(std::initializer_list<const char*> words) const {
    const test::TempDir folder;
    const std::string file = write(folder);
    test::expect_error(ErrorKind::model, {"checkpoint_best.pt"}, [&] { import_fairseq(file); });
    test::expect_error(ErrorKind::model, words, [&] { import_fairseq(file); });
  }
};

void expect_same_weights(Seq2Seq& model, Seq2Seq& expected) {
  const StateDict a = module_state(model), b = module_state(expected);
  for (const auto& [path, tensor] : b.tensors) {
    if (path == "output_projection.bias") continue;  // Hugging Face's alone
    ASSERT_TRUE(a.tensors.count(path)) << path;
    EXPECT_EQ(a.tensors.at(path).to_vector<float>(), tensor.to_vector<float>()) << path;
  }
}

/// Its own constants, which those files do not hold.
TransformerConfig like_fairseq(TransformerConfig config) {
  config.logits_bias = false;
  config.init = WeightInit::none;
  return config;
}

TEST(FairseqImport, BartAndMbartAreThoseOfTheHuggingFaceFolders) {
  for (const std::string name : {"bart", "mbart"}) {
    const ImportedModel imported = import_fairseq(fairseq_golden(name + ".pt")),
                        expected = import_hf_folder(test::golden_hf("hf_" + name));
    expect_same_weights(*imported.model, *expected.model);
    TransformerConfig config = like_fairseq(expected.model->config());
    config.scale_embedding = name == "mbart";
    EXPECT_EQ(imported.model->config(), config) << name;
    const ImportReport& report = imported.report;
    EXPECT_EQ(report.renamed.size(), 0u);
    EXPECT_EQ(report.aliases,
              (std::vector<std::string>{"decoder.embed_tokens.weight", "decoder.output_projection.weight"}));
    EXPECT_EQ(report.ignored, (std::vector<std::string>{"decoder.version", "encoder.version"}));
    EXPECT_TRUE(report.filled.empty() && report.notes.empty());
    EXPECT_EQ(report.str(), fmt::format("fairseq {}: {} tensors used, 2 copies of the token table, 2 ignored",
                                        name == "bart" ? "bart_base" : "mbart_large", report.used.size()));
  }
}

TEST(FairseqImport, PlainTransformersAreThoseOfPyTorch) {
  const auto pre = testing::load_golden_model("transformer_pre"), post = testing::load_golden_model("transformer_post");
  const auto without_dropout = [](TransformerConfig config) {
    config.dropout = config.attention_dropout = config.activation_dropout = 0;
    return config;
  };
  const ImportedModel old = import_fairseq(fairseq_golden("transformer_post.pt"), without_dropout);
  EXPECT_EQ(old.model->config(), like_fairseq(post.model->config()));
  expect_same_weights(*old.model, *post.model);
  EXPECT_EQ(old.report.split.size(), 12u);
  EXPECT_EQ(old.report.renamed.size(), 20u);  // numbered norms
  EXPECT_EQ(old.report.ignored.size(), 4u);
  const ImportedModel half = import_fairseq(fairseq_golden("transformer_pre.pt"), without_dropout);
  EXPECT_EQ(half.model->config(), like_fairseq(pre.model->config()));
  const StateDict read = module_state(*half.model);
  for (const auto& [path, tensor] : module_state(*pre.model).tensors)
    EXPECT_EQ(read.tensors.at(path).to_vector<float>(), tensor.to(DType::f16).to(DType::f32).to_vector<float>())
        << path;
}

TEST(FairseqImport, ArgumentsOverrideThePresetOfTheirArch) {
  Checkpoint checkpoint;
  checkpoint.args["dropout"] = 0.3;
  checkpoint.args["relu_dropout"] = 0.2;
  checkpoint.args["activation_dropout"] = 0.0;
  checkpoint.args["no_scale_embedding"] = true;
  checkpoint.args["activation_fn"] = "swish";
  checkpoint.args["max_source_positions"] = 99;
  TransformerConfig config = checkpoint.import().model->config();
  EXPECT_EQ(config.dropout, 0.3);
  EXPECT_EQ(config.activation_dropout, 0.2);
  EXPECT_FALSE(config.scale_embedding);
  EXPECT_EQ(config.activation, Unary::silu);
  EXPECT_EQ(config.max_positions, 99);
  EXPECT_EQ(config.vocab, 11);
  EXPECT_EQ(config.positions, Positions::sinusoidal);
}

TEST(FairseqImport, ReadsTheNamesOfWrappersAndOldReleases) {
  const Checkpoint original;
  const ImportedModel expected = original.import();
  Checkpoint wrapped;
  wrapped.weights.tensors.clear();
  for (const auto& [name, tensor] : original.weights.tensors) wrapped.weights.tensors["module." + name] = tensor;
  expect_same_weights(*wrapped.import().model, *expected.model);
  Checkpoint untied;
  untied.args["share_all_embeddings"] = false;
  untied.weights.tensors["decoder.embed_out"] = original.weights.tensors.at("decoder.embed_tokens.weight");
  EXPECT_EQ(untied.import().report.aliases.size(), 2u);
}

TEST(FairseqImport, RowsOfBartBaseFollowItsDictionary) {
  Checkpoint bart;
  bart.args["arch"] = "bart_base";
  bart.args["max_source_positions"] = bart.args["max_target_positions"] = 6;
  Tensor table = Tensor::zeros({51201, 8});
  table.mutable_data<float>()[50264 * 8] = 3;
  table.mutable_data<float>()[51200 * 8] = 7;
  for (const char* side : {"encoder", "decoder"}) {
    bart.weights.tensors[std::string(side) + ".embed_tokens.weight"] = table;
    bart.weights.tensors[std::string(side) + ".embed_positions.weight"] = Tensor::zeros({8, 8});
    for (const char* part : {"weight", "bias"})
      bart.weights.tensors[std::string(side) + ".layernorm_embedding." + part] = Tensor::zeros({8});
  }
  const test::TempDir folder;
  const std::string file = bart.write(folder);
  const auto first_of_row = [](const ImportedModel& model, size_t row) {
    return module_state(*model.model).tensors.at("embed_tokens.weight").to_vector<float>()[row * 8];
  };
  ImportedModel imported = import_fairseq(file);
  EXPECT_EQ(imported.model->config().vocab, 50265);
  EXPECT_EQ(first_of_row(imported, 50264), 7);  // <mask>
  test::write(folder.path("dict.txt"), "");
  imported = import_fairseq(file);
  EXPECT_EQ(imported.model->config().vocab, 51201);
  EXPECT_EQ(first_of_row(imported, 50264), 3);
}

TEST(FairseqImport, RefusesWhatItsArgumentsAskForInVain) {
  const auto with = [](const char* key, const Json& value, std::initializer_list<const char*> words) {
    Checkpoint checkpoint;
    checkpoint.args[key] = value;
    checkpoint.expect_refused(words);
  };
  with("arch", "lightconv", {"arch \"lightconv\" is not computed here"});
  with("arch", "transformer_tny", {"transformer_tny", "the nearest is transformer_tiny"});
  with("activation_fn", "linear", {"activation_fn", "linear"});
  with("adaptive_softmax_cutoff", {1, 2}, {"adaptive_softmax_cutoff"});
  with("cross_self_attention", true, {"cross_self_attention"});
  with("encoder_layers", 2, {"'encoder_layers' is 2, but the tensors have 1"});
  with("encoder_layers", 2147483647, {"'encoder_layers' is 2147483647"});
  with("decoder_layers", "1", {"decoder_layers", "wrong type"});
  with("encoder_ffn_embed_dim", 16, {"'encoder_ffn_embed_dim' is 16, but the tensors have 12"});
  with("decoder_embed_dim", 16, {"decoder_embed_dim", "differs from encoder_embed_dim"});
  with("encoder_attention_heads", 3, {"heads 3"});
  with("encoder_normalize_before", true, {"encoder_normalize_before", "which the file lacks"});
  with("decoder_normalize_before", true, {"decoder_normalize_before", "differs from encoder_normalize_before"});
  with("encoder_learned_pos", true, {"'max_source_positions' is 1024, but the tensors have none"});
  with("share_all_embeddings", false, {"share_decoder_input_output_embed", "lacks"});
  Checkpoint unknown;
  unknown.args = Json();
  unknown.expect_refused({"no arguments under 'args' or 'cfg'"});
}

TEST(FairseqImport, RefusesTensorsThatDoNotAddUp) {
  const auto with = [](const char* name, const Tensor& tensor, std::initializer_list<const char*> words) {
    Checkpoint checkpoint;
    checkpoint.weights.tensors[name] = tensor;
    checkpoint.expect_refused(words);
  };
  with("decoder.embed_tokens.weight", Tensor::zeros({11, 8}), {"encoder.embed_tokens.weight", "differs"});
  with("classification_heads.mnli.dense.weight", Tensor::zeros({2, 2}),
       {"not of such a model", "classification_heads"});
  with("encoder.layers.0.fc1.bias", Tensor::zeros({13}), {"encoder.layers.0.fc1.bias", "its arguments asks for [12]"});
  with("encoder.layers.0.self_attn.in_proj_weight", Tensor::zeros({24, 8}), {"in_proj_weight", "both hold"});
  with("encoder.layers.0.self_attn.in_proj_bias", Tensor::zeros({25}), {"in_proj_bias", "three projections"});
  with("encoder.layers.0.layer_norms.0.bias", Tensor::zeros({8}), {"layer_norms.0.bias", "both"});
  Checkpoint lost;
  lost.weights.tensors.erase("decoder.layers.0.encoder_attn.out_proj.bias");
  lost.expect_refused({"1 tensor missing", "decoder.layers.0.encoder_attn.out_proj.bias"});
}

TEST(FairseqImport, FindsTheCheckpointOfAFolder) {
  const test::TempDir folder;
  EXPECT_FALSE(find_fairseq_checkpoint(folder.path()));
  EXPECT_FALSE(find_fairseq_checkpoint(folder.path("none")));
  const Checkpoint checkpoint;
  const std::string third = checkpoint.write(folder, "checkpoint3.pt");
  EXPECT_EQ(find_fairseq_checkpoint(folder.path()), third);
  checkpoint.write(folder, "checkpoint4.pt");
  test::expect_error(ErrorKind::model, {"2 files *.pt"}, [&] { find_fairseq_checkpoint(folder.path()); });
  EXPECT_EQ(find_fairseq_checkpoint(third), third);
  const std::string last = checkpoint.write(folder, "checkpoint_last.pt");
  EXPECT_EQ(find_fairseq_checkpoint(folder.path()), last);
  const std::string best = checkpoint.write(folder, "checkpoint_best.pt");
  EXPECT_EQ(find_fairseq_checkpoint(folder.path()), best);
}

/// Whatever a byte becomes, the checkpoint is read or refused in one line; some of them are imported whole.
TEST(FairseqImport, SurvivesEveryChangedByte) {
  const std::string whole = test::contents(fairseq_golden("small.pt"));
  const test::TempDir folder;
  int64_t refused = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ (i % 2 ? 0x80 : 0x01));
    test::write(folder.path("model.pt"), changed);
    try {
      read_fairseq_config(folder.path("model.pt"));
      if (i % 32 == 0) import_fairseq(folder.path("model.pt"));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::model) << i << ": " << error.what();
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << i << ": " << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(FairseqImport, AClassThatIsNotOnTheListIsRefusedByName) {
  const test::TempDir folder;
  test::write(folder.path("model.pt"), test::torch_archive("\x80\x02}" + test::pickled("args") + "cposix\nsystem\n" +
                                                           "(" + test::pickled("true") + "tRs."));
  test::expect_error(ErrorKind::model, {"model.pt", "posix.system", "nothing was called"},
                     [&] { import_fairseq(folder.path("model.pt")); });
}

}  // namespace
}  // namespace lowbit
