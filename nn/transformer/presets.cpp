#include "core/error.h"
#include "core/text.h"
#include "nn/transformer/config.h"

namespace lowbit {
namespace {

struct Preset {
  std::string_view name;
  TransformerConfig config;
};

/// As the quickstart's: sinusoids, ReLU, pre-norm.
TransformerConfig small(int64_t vocab, int64_t dim, int64_t ffn, int64_t heads) {
  return {.vocab = vocab,
          .dim = dim,
          .encoder_layers = 2,
          .decoder_layers = 2,
          .heads = heads,
          .ffn_dim = ffn,
          .pre_norm = true,
          .max_positions = 256};
}

/// fairseq's: sinusoids, ReLU, norms after each sub-layer.
TransformerConfig transformer(int64_t dim, int64_t ffn, int64_t heads, int64_t layers) {
  return {
      .vocab = 32768, .dim = dim, .encoder_layers = layers, .decoder_layers = layers, .heads = heads, .ffn_dim = ffn};
}

TransformerConfig transformer_big(double dropout, double attention = 0) {
  TransformerConfig config = transformer(1024, 4096, 16, 6);
  config.dropout = dropout;
  config.attention_dropout = attention;
  return config;
}

/// tensor2tensor's: pre-norm.
TransformerConfig transformer_big_t2t() {
  TransformerConfig config = transformer_big(0.3, 0.1);
  config.activation_dropout = 0.1;
  config.pre_norm = true;
  return config;
}

TransformerConfig bart(int64_t dim, int64_t layers, int64_t heads) {
  return {.vocab = 50265,
          .dim = dim,
          .encoder_layers = layers,
          .decoder_layers = layers,
          .heads = heads,
          .ffn_dim = 4 * dim,
          .activation = Unary::gelu,
          .layernorm_embedding = true,
          .scale_embedding = false,
          .logits_bias = true,
          .positions = Positions::learned,
          .max_positions = 1024,
          .init = WeightInit::normal};
}

/// mBART as released: pre-norm with norms at the end of both stacks and after the embeddings, which are scaled.
TransformerConfig mbart_large(int64_t vocab) {
  TransformerConfig config = bart(1024, 12, 16);
  config.vocab = vocab;
  config.pre_norm = true;
  config.scale_embedding = true;
  return config;
}

const std::vector<Preset>& presets() {
  static const std::vector<Preset> table = {
      {"tiny", small(64, 32, 64, 2)},
      {"quickstart", small(4096, 192, 768, 4)},
      {"transformer_tiny", transformer(64, 64, 2, 2)},
      {"transformer_iwslt_de_en", transformer(512, 1024, 4, 6)},
      {"transformer_wmt_en_de", transformer(512, 2048, 8, 6)},
      {"transformer_vaswani_wmt_en_de_big", transformer_big(0.3)},
      {"transformer_vaswani_wmt_en_fr_big", transformer_big(0.1)},
      {"transformer_wmt_en_de_big", transformer_big(0.3, 0.1)},
      {"transformer_wmt_en_de_big_t2t", transformer_big_t2t()},
      {"bart-base", bart(768, 6, 12)},
      {"bart-large", bart(1024, 12, 16)},
      {"mbart-large-cc25", mbart_large(250027)},
      {"mbart-large-50", mbart_large(250054)},
  };
  return table;
}

}  // namespace

TransformerConfig transformer_preset(std::string_view name) {
  for (const Preset& preset : presets())
    if (preset.name == name) return preset.config;
  fail(ErrorKind::usage, "model.arch", "no architecture '{}'{}", name, nearest_hint(name, transformer_preset_names()));
}

std::vector<std::string> transformer_preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.emplace_back(preset.name);
  return names;
}

}  // namespace lowbit
