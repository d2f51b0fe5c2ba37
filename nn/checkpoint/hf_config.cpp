#include "nn/checkpoint/hf_config.h"

#include "nn/checkpoint/json_keys.h"

namespace lowbit {
namespace {

using Json = nlohmann::ordered_json;

/// Of each value the first name is written.
constexpr std::pair<Unary, std::string_view> kActivations[] = {
    {Unary::gelu, "gelu"},        {Unary::relu, "relu"},           {Unary::gelu_tanh, "gelu_new"},
    {Unary::silu, "silu"},        {Unary::tanh, "tanh"},           {Unary::sigmoid, "sigmoid"},
    {Unary::gelu, "gelu_python"}, {Unary::gelu_tanh, "gelu_fast"}, {Unary::gelu_tanh, "gelu_pytorch_tanh"},
    {Unary::silu, "swish"}};

Unary activation_of(const JsonKeys& keys) {
  std::string name = "gelu";
  keys.take("activation_function", name);
  for (const auto& [value, known] : kActivations)
    if (known == name) return value;
  keys.refuse("activation_function", "only gelu, relu, gelu_new, silu, tanh and sigmoid are computed here");
}

/// Marks of models that share the type name but not the wiring.
void refuse_variants(const JsonKeys& keys, bool mbart) {
  keys.expect("is_encoder_decoder", true, "only encoder-decoder models are imported");
  keys.expect("normalize_before", mbart, "contradicts the model_type, which alone decides where the norms stand");
  keys.expect("normalize_embedding", true, "BART and mBART have a norm after the embeddings");
  keys.expect("add_bias_logits", false, "a trained bias on the logits is not computed here");
  keys.expect("static_position_embeddings", false, "BART and mBART learn their positions");
  keys.expect_none("quantization_config", "only float weights are imported");
}

}  // namespace

TransformerConfig config_from_hf(std::string_view text, const std::string& where) {
  const JsonKeys keys(text, where);
  std::string type;
  keys.take("model_type", type);
  LB_REQUIRE(type == "bart" || type == "mbart", ErrorKind::model, "import",
             "{}: model_type '{}': only bart and mbart are imported", where, type);
  const bool mbart = type == "mbart";
  refuse_variants(keys, mbart);
  TransformerConfig config = transformer_preset(mbart ? "mbart-large-cc25" : "bart-large");
  config.vocab = 50265;
  config.scale_embedding = false;
  keys.take_in("vocab_size", config.vocab, 1);
  keys.take_in("d_model", config.dim, 1);
  keys.take_in("encoder_layers", config.encoder_layers, 1);
  keys.take_in("decoder_layers", config.decoder_layers, 1);
  keys.take_in("encoder_attention_heads", config.heads, 1);
  keys.take_in("encoder_ffn_dim", config.ffn_dim, 1);
  int64_t decoder_heads = 16, decoder_ffn_dim = 4096;
  keys.take_in("decoder_attention_heads", decoder_heads, 1);
  keys.take_in("decoder_ffn_dim", decoder_ffn_dim, 1);
  if (decoder_heads != config.heads) config.decoder_heads = decoder_heads;
  if (decoder_ffn_dim != config.ffn_dim) config.decoder_ffn_dim = decoder_ffn_dim;
  config.activation = activation_of(keys);
  keys.take("scale_embedding", config.scale_embedding);
  keys.take_in("max_position_embeddings", config.max_positions, 1);
  keys.take("dropout", config.dropout);
  keys.take("attention_dropout", config.attention_dropout);
  keys.take("activation_dropout", config.activation_dropout);
  keys.take("bos_token_id", config.bos);
  keys.take("pad_token_id", config.pad);
  keys.take("eos_token_id", config.eos);
  keys.take("decoder_start_token_id", config.decoder_start);
  config.init = WeightInit::none;
  try {
    validate(config);
  } catch (const Error& error) {
    throw Error(ErrorKind::model, fmt::format("{} (in {})", error.what(), where));
  }
  for (const auto& [key, id] : {std::pair("bos_token_id", config.bos), std::pair("pad_token_id", config.pad),
                                std::pair("eos_token_id", config.eos)})
    LB_REQUIRE(id >= 0 && id < config.vocab, ErrorKind::model, "import", "{}: '{}' {} is outside the vocabulary of {}",
               where, key, id, config.vocab);
  return config;
}

std::string config_to_hf(const TransformerConfig& c) {
  LB_REQUIRE(c.layernorm_embedding && c.positions == Positions::learned, ErrorKind::usage, "export",
             "no class of Hugging Face computes this model: BART and mBART have learned positions and a norm after the "
             "embeddings; train one with model.arch bart-base or mbart-large-cc25 (and sizes of your own)");
  const bool mbart = c.pre_norm;
  const TransformerConfig decoder = c.of_decoder();
  std::string_view activation;
  for (const auto& [value, name] : kActivations)
    if (activation.empty() && value == c.activation) activation = name;
  Json json = {{"architectures", {mbart ? "MBartForConditionalGeneration" : "BartForConditionalGeneration"}},
               {"model_type", mbart ? "mbart" : "bart"},
               {"is_encoder_decoder", true},
               {"vocab_size", c.vocab},
               {"d_model", c.dim},
               {"encoder_layers", c.encoder_layers},
               {"decoder_layers", c.decoder_layers},
               {"encoder_attention_heads", c.heads},
               {"decoder_attention_heads", decoder.heads},
               {"encoder_ffn_dim", c.ffn_dim},
               {"decoder_ffn_dim", decoder.ffn_dim},
               {"activation_function", activation},
               {"scale_embedding", c.scale_embedding},
               {"max_position_embeddings", c.max_positions},
               {"dropout", c.dropout},
               {"attention_dropout", c.attention_dropout},
               {"activation_dropout", c.activation_dropout},
               {"tie_word_embeddings", true},
               {"bos_token_id", c.bos},
               {"pad_token_id", c.pad},
               {"eos_token_id", c.eos},
               {"decoder_start_token_id", c.decoder_start}};
  return json.dump(2) + "\n";
}

}  // namespace lowbit
