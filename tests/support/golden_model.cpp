#include "tests/support/golden_model.h"

#include <algorithm>

#include "core/files/safetensors.h"
#include "nn/module_state.h"

namespace lowbit::testing {
namespace {

TransformerConfig config_of(const nlohmann::json& c) {
  TransformerConfig config;
  config.vocab = c.at("vocab");
  config.dim = c.at("dim");
  config.encoder_layers = c.at("encoder_layers");
  config.decoder_layers = c.at("decoder_layers");
  config.heads = c.at("heads");
  config.ffn_dim = c.at("ffn_dim");
  config.max_positions = c.at("max_positions");
  config.pre_norm = c.at("pre_norm");
  config.layernorm_embedding = c.at("layernorm_embedding");
  config.scale_embedding = c.at("scale_embedding");
  config.logits_bias = c.value("logits_bias", false);
  config.activation = c.at("activation") == "gelu" ? Unary::gelu : Unary::relu;
  config.positions = c.at("positions") == "learned" ? Positions::learned : Positions::sinusoidal;
  config.dropout = 0;
  return config;
}

Tensor visible(const Tensor& ids, int32_t pad) {
  std::vector<uint8_t> mask;
  for (const int32_t id : ids.to_vector<int32_t>()) mask.push_back(id != pad);
  return Tensor::from(ids.shape(), mask);
}

}  // namespace

std::string golden_name(const std::string& path) {
  return path == "output_projection.bias" ? "final_logits_bias" : path;
}

GoldenModel load_golden_model(const std::string& name) {
  const std::string folder = LB_TEST_DIR "/golden/";
  GoldenModel golden;
  golden.values = load_safetensors(folder + name + ".safetensors");
  golden.grads = load_safetensors(folder + name + "_grads.safetensors");
  golden.about = nlohmann::json::parse(golden.values.metadata.at("golden"));
  golden.model = std::make_unique<Seq2Seq>(config_of(golden.about.at("config")), 1);
  golden.model->each_parameter([&](const std::string& path, Parameter& parameter) {
    const Tensor& value = golden.values.tensors.at(golden_name(path));
    parameter.value.mutable_value().copy_from(value.reshape(parameter.value.shape()));
  });
  const int32_t pad = golden.model->config().pad;
  const Tensor &source = golden.values.tensors.at("input.source"),
               &target = golden.values.tensors.at("input.target_out");
  golden.batch = {.source = source,
                  .source_visible = visible(source, pad),
                  .target_in = golden.values.tensors.at("input.target_in"),
                  .target_out = target,
                  .target_visible = visible(target, pad)};
  const std::vector<uint8_t> counted = golden.batch.target_visible.to_vector<uint8_t>();
  golden.batch.target_tokens = std::count(counted.begin(), counted.end(), uint8_t{1});
  return golden;
}

}  // namespace lowbit::testing
