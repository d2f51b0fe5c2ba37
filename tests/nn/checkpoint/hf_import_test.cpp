#include "nn/checkpoint/hf_import.h"

#include <gtest/gtest.h>

#include <cstring>

#include "nn/module_state.h"
#include "tests/nn/checkpoint/hf_folder.h"
#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

using test::expect_error;
using test::HfFolder;

constexpr const char* kQuery = "model.encoder.layers.0.self_attn.q_proj.weight";
constexpr const char* kShared = "model.shared.weight";

std::map<std::string, std::vector<float>> weights_of(Seq2Seq& model) {
  std::map<std::string, std::vector<float>> all;
  for (const auto& [name, tensor] : module_state(model).tensors) all[name] = tensor.to_vector<float>();
  return all;
}

std::map<std::string, std::vector<float>> imported(const HfFolder& folder) {
  return weights_of(*import_hf_folder(folder.path()).model);
}

void expect_refused(const HfFolder& folder, std::initializer_list<const char*> words) {
  expect_error(ErrorKind::model, words, [&] { import_hf_folder(folder.path()); });
}

TEST(HfImport, TakesEveryTensorAndReportsIt) {
  for (const char* name : {"hf_bart", "hf_mbart"}) {
    const HfFolder folder(name);
    const ImportedModel imported = import_hf_folder(folder.path());
    const TransformerConfig& config = imported.model->config();
    EXPECT_EQ(config.pre_norm, name == std::string("hf_mbart"));
    EXPECT_EQ(config.of_decoder().ffn_dim, config.pre_norm ? 24 : 20);
    EXPECT_EQ(imported.report.used.size(), folder.weights.tensors.size());
    EXPECT_TRUE(imported.report.renamed.empty() && imported.report.filled.empty() && imported.report.ignored.empty());
    imported.model->each_parameter([&](const std::string& path, Parameter& p) {
      const std::string stored = path == "embed_tokens.weight"      ? kShared
                                 : path == "output_projection.bias" ? "final_logits_bias"
                                                                    : "model." + path;
      EXPECT_EQ(p.value.value().to_vector<float>(), folder.weights.tensors.at(stored).to_vector<float>()) << path;
    });
  }
}

TEST(HfImport, CastsHalvesAndDoublesExactly) {
  for (const DType dtype : {DType::f16, DType::bf16, DType::f64}) {
    HfFolder folder("hf_bart");
    std::map<std::string, std::vector<float>> expected;
    for (auto& [name, tensor] : folder.weights.tensors) {
      tensor = tensor.to(dtype);
      expected[name] = tensor.to(DType::f32).to_vector<float>();
    }
    folder.save();
    const ImportedModel imported = import_hf_folder(folder.path());
    imported.model->each_parameter([&](const std::string& path, Parameter& p) {
      if (!expected.count("model." + path)) return;  // the table and the bias, whose names differ more
      EXPECT_EQ(p.value.value().to_vector<float>(), expected["model." + path]) << path;
    });
    ASSERT_EQ(imported.report.notes.size(), 1u);
    EXPECT_NE(imported.report.notes[0].find("cast from " + std::string(to_string(dtype))), std::string::npos);
  }
}

TEST(HfImport, ReadsShards) {
  HfFolder folder("hf_mbart");
  const auto whole = imported(folder);
  StateDict parts[2];
  nlohmann::json map;
  size_t i = 0;
  for (const auto& [name, tensor] : folder.weights.tensors) {
    const size_t part = i++ % 2;
    parts[part].tensors[name] = tensor;
    map[name] = part ? "b.safetensors" : "a.safetensors";
  }
  save_safetensors(folder.path("a.safetensors"), parts[0]);
  save_safetensors(folder.path("b.safetensors"), parts[1]);
  std::filesystem::remove(folder.path("model.safetensors"));
  const auto write_index = [&] {
    std::ofstream(folder.path("model.safetensors.index.json")) << nlohmann::json{{"weight_map", map}}.dump();
  };
  write_index();
  EXPECT_TRUE(is_hf_folder(folder.path()));
  EXPECT_EQ(imported(folder), whole);

  map[kQuery] = "../a.safetensors";
  write_index();
  expect_refused(folder, {"index.json", kQuery, "../a.safetensors"});
  map[kQuery] = map[kShared] == "a.safetensors" ? "b.safetensors" : "a.safetensors";
  map["lost"] = "a.safetensors";
  write_index();
  expect_refused(folder, {"a.safetensors", "no tensor"});
  map.erase("lost");
  map.erase(kQuery);
  write_index();
  expect_refused(folder, {kQuery, "does not list"});
  std::ofstream(folder.path("model.safetensors.index.json")) << "{}";
  expect_refused(folder, {"index.json", "weight_map"});
}

TEST(HfImport, UnderstandsOtherNamesForTheSameTensors) {
  const HfFolder original("hf_bart");
  const auto whole = imported(original);
  const auto renamed = [&](const std::function<std::string(const std::string&)>& rename) {
    HfFolder folder("hf_bart");
    folder.weights.tensors.clear();
    for (const auto& [name, tensor] : original.weights.tensors) folder.weights.tensors[rename(name)] = tensor;
    return folder.weights;
  };
  HfFolder folder("hf_bart");
  const auto expect_same = [&](const StateDict& weights, size_t renames, size_t aliases) {
    folder.weights = weights;
    folder.save();
    const ImportedModel model = import_hf_folder(folder.path());
    EXPECT_EQ(weights_of(*model.model), whole);
    EXPECT_EQ(model.report.renamed.size(), renames);
    EXPECT_EQ(model.report.aliases.size(), aliases);
  };
  const size_t count = original.weights.tensors.size();
  const auto bare = [](const std::string& name) { return name.starts_with("model.") ? name.substr(6) : name; };
  expect_same(renamed(bare), count - 1, 0);  // all but final_logits_bias
  expect_same(renamed([](const std::string& name) { return "module." + name; }), count, 0);
  StateDict fairseq =
      renamed([&](const std::string& name) { return name == kShared ? "encoder.embed_tokens.weight" : bare(name); });
  fairseq.tensors["decoder.embed_tokens.weight"] = fairseq.tensors["decoder.output_projection.weight"] =
      original.weights.tensors.at(kShared);
  fairseq.tensors["encoder.version"] = Tensor::from(Shape{1}, std::vector<float>{3});
  expect_same(fairseq, count - 1, 2);
  // Whichever copy of the token table a writer kept.
  for (const char* kept :
       {"lm_head.weight", "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight", kShared})
    expect_same(renamed([&](const std::string& name) { return name == kShared ? kept : name; }), kept != kShared, 0);
}

TEST(HfImport, AMissingLogitsBiasIsZero) {
  HfFolder folder("hf_bart");
  folder.weights.tensors.erase("final_logits_bias");
  folder.save();
  const ImportedModel imported = import_hf_folder(folder.path());
  EXPECT_EQ(imported.report.filled, (std::vector<std::string>{"final_logits_bias"}));
  imported.model->output_projection().each_parameter([](const std::string&, Parameter& p) {
    EXPECT_EQ(p.value.value().to_vector<float>(), std::vector<float>(29, 0.0f));
  });
}

TEST(HfImport, LeavesTheMadeUpWordsOfBartBaseOut) {
  HfFolder folder("hf_bart");
  constexpr int64_t kFile = 51201, kWanted = 50265, kDim = 12;
  std::vector<float> table(kFile * kDim);
  for (size_t i = 0; i < table.size(); ++i) table[i] = static_cast<float>(i / kDim);
  folder.weights.tensors[kShared] = Tensor::from(Shape{kFile, kDim}, table);
  folder.weights.tensors.erase("final_logits_bias");
  folder.save();
  folder.set("config.json", "vocab_size", kWanted);
  const ImportedModel imported = import_hf_folder(folder.path());
  const std::vector<float> rows = imported.model->embed_tokens().weight().value.value().to_vector<float>();
  EXPECT_EQ(rows[(kWanted - 2) * kDim], kWanted - 2);
  EXPECT_EQ(rows[(kWanted - 1) * kDim], kFile - 1);  // <mask>
}

TEST(HfImport, RefusesWhatDoesNotAddUp) {
  const std::string file = "model.safetensors";
  const auto spoiled = [&](const std::function<void(StateDict&)>& spoil, std::initializer_list<const char*> words) {
    HfFolder folder("hf_bart");
    spoil(folder.weights);
    folder.save();
    expect_refused(folder, words);
  };
  spoiled([](StateDict& s) { s.tensors.erase(kQuery); }, {"model.safetensors", "1 tensor missing", kQuery});
  spoiled(
      [](StateDict& s) {
        s.tensors["classification_head.dense.weight"] = Tensor::zeros({2, 2});
      },
      {"model.safetensors", "not of such a model", "classification_head.dense.weight"});
  spoiled([](StateDict& s) { s.tensors["model.encoder.layer_norm.weight"] = Tensor::zeros({12}); },
          {"model.encoder.layer_norm.weight"});
  spoiled([](StateDict& s) { s.tensors[kQuery] = Tensor::zeros({12, 11}); }, {"model.safetensors", kQuery, "[12, 11]"});
  spoiled([](StateDict& s) { s.tensors[kQuery] = Tensor::zeros({12, 12}, DType::i32); }, {kQuery, "i32"});
  spoiled(
      [](StateDict& s) {
        s.tensors["encoder.layers.0.self_attn.q_proj.weight"] = Tensor::zeros({12, 12});
      },
      {kQuery, "both"});
  spoiled([](StateDict& s) { s.tensors["lm_head.weight"] = Tensor::zeros({29, 12}); }, {"lm_head.weight", "differs"});
  spoiled([](StateDict& s) { s.tensors["lm_head.weight"] = Tensor::zeros({30, 12}); }, {"lm_head.weight", "differs"});
}

TEST(HfImport, RefusesAConfigurationThatIsNotComputedHereOrDisagrees) {
  const auto configured = [](const char* key, const nlohmann::json& value, std::initializer_list<const char*> words) {
    const HfFolder folder("hf_bart");
    folder.set("config.json", key, value);
    expect_refused(folder, words);
  };
  configured("model_type", "t5", {"config.json", "t5", "only bart and mbart"});
  configured("model_type", "mbart", {"model.safetensors", "missing", "layer_norm"});
  configured("vocab_size", 30, {kShared, "[29, 12]", "[30, 12]"});
  configured("vocab_size", 2147483647, {"model.safetensors", "config.json asks for 2.58e+10"});
  configured("encoder_ffn_dim", 2147483647, {"model.safetensors", "config.json asks for"});
  configured("decoder_layers", 3, {"missing", "model.decoder.layers.2."});
  configured("decoder_layers", 1, {"not of such a model", "model.decoder.layers.1."});
  configured("max_position_embeddings", 12, {"embed_positions.weight"});
  configured("encoder_attention_heads", 5, {"config.json", "heads 5"});
  configured("d_model", -12, {"config.json", "'d_model' -12", "must lie from 1 to 2147483647"});
  configured("d_model", 0, {"config.json", "'d_model' 0", "must lie from 1 to 2147483647"});
  configured("decoder_ffn_dim", 0, {"config.json", "'decoder_ffn_dim' 0", "from 1"});
  configured("d_model", "wide", {"config.json", "d_model", "wrong type, one integer"});
  configured("eos_token_id", {2}, {"config.json", "'eos_token_id' [2]", "one integer is wanted"});
  configured("scale_embedding", 1, {"config.json", "'scale_embedding' 1", "true or false is wanted"});
  configured("dropout", "none", {"config.json", "'dropout' \"none\"", "one number is wanted"});
  configured("model_type", 3, {"config.json", "'model_type' 3", "a text is wanted"});
  configured("d_model", 32.5, {"config.json", "d_model", "wrong type"});
  configured("eos_token_id", 4294967298, {"config.json", "eos_token_id", "to 2147483647"});
  configured("vocab_size", 1000000000000, {"config.json", "vocab_size", "to 2147483647"});
  configured("activation_function", "quick_gelu", {"config.json", "quick_gelu"});
  configured("quantization_config", {{"quant_method", "bitsandbytes"}}, {"quantization_config"});
  configured("normalize_before", true, {"normalize_before"});
  configured("pad_token_id", 29, {"pad_token_id", "29"});
  configured("tie_word_embeddings", false, {"config.json", "tie_word_embeddings", "lm_head.weight"});
  const HfFolder folder("hf_bart");
  for (const auto& [text, said] : {std::pair("{", "broken at byte 2, in line 1"),
                                   {"{\n\"d_model\": 12,\n}", "broken at byte 18, in line 3"},
                                   {"{\"d_model\": \"12\n", "broken at byte 16, in line 1"},
                                   {"[1]", "but array"},
                                   {"{\"dropout\": 1e999}", "no double holds"}}) {
    std::ofstream(folder.path("config.json")) << text;
    expect_refused(folder, {"config.json", "not a JSON object", said});
  }
}

TEST(HfImport, RefusesWeightsThatAreNotFinite) {
  HfFolder folder("hf_bart");
  folder.weights.tensors.at(kShared).mutable_data<float>()[3] = std::numeric_limits<float>::quiet_NaN();
  folder.save();
  expect_refused(folder, {kShared, "1 values that are not finite"});
}

TEST(HfImport, RefusesAHeaderThatLies) {
  const HfFolder folder("hf_bart");
  const std::string whole = test::contents(folder.path("model.safetensors"));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = whole;
    text.replace(text.find(from), from.size(), to);
    std::ofstream(folder.path("model.safetensors"), std::ios::binary) << text;
  };
  with("\"shape\":[29,12]", "\"shape\":[92,12]");
  expect_refused(folder, {"model.safetensors", "shared"});
  std::ofstream(folder.path("model.safetensors"), std::ios::binary) << whole.substr(0, whole.size() - 5);
  expect_refused(folder, {"model.safetensors"});
}

}  // namespace
}  // namespace lowbit
