#include "nn/transformer/config.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files/foreign_json.h"

namespace lowbit {
namespace {

using Json = nlohmann::ordered_json;

/// Names of an enum in files, by value.
template <class Enum, size_t N>
struct Names {
  std::array<std::pair<Enum, std::string_view>, N> rows;

  std::string_view name(Enum value) const {
    return std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.first == value; })->second;
  }
  Enum value(std::string_view name, const std::string& where) const {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.second == name; });
    LB_REQUIRE(found != rows.end(), ErrorKind::model, "config", "{}: '{}' is not known here", where, name);
    return found->first;
  }
};
constexpr Names<Unary, 6> kActivations = {{{{Unary::relu, "relu"},
                                            {Unary::gelu, "gelu"},
                                            {Unary::gelu_tanh, "gelu_new"},
                                            {Unary::silu, "silu"},
                                            {Unary::tanh, "tanh"},
                                            {Unary::sigmoid, "sigmoid"}}}};
constexpr Names<Positions, 2> kPositions = {{{{Positions::learned, "learned"}, {Positions::sinusoidal, "sinusoidal"}}}};
constexpr Names<WeightInit, 3> kInits = {
    {{{WeightInit::xavier, "xavier"}, {WeightInit::normal, "normal"}, {WeightInit::none, "none"}}}};

/// One field of config.json: visited once for writing and once for reading, so the two cannot disagree.
template <class Config, class Visitor>
void each_field(Config& c, Visitor&& field) {
  field("vocab_size", c.vocab);
  field("d_model", c.dim);
  field("encoder_layers", c.encoder_layers);
  field("decoder_layers", c.decoder_layers);
  field("encoder_attention_heads", c.heads);
  field("encoder_ffn_dim", c.ffn_dim);
  field.unless_zero("decoder_attention_heads", c.decoder_heads);
  field.unless_zero("decoder_ffn_dim", c.decoder_ffn_dim);
  field("activation_function", c.activation, kActivations);
  field("normalize_before", c.pre_norm);
  field("normalize_embedding", c.layernorm_embedding);
  field("scale_embedding", c.scale_embedding);
  field("logits_bias", c.logits_bias);
  field("position_embeddings", c.positions, kPositions);
  field("max_position_embeddings", c.max_positions);
  field("dropout", c.dropout);
  field("attention_dropout", c.attention_dropout);
  field("activation_dropout", c.activation_dropout);
  field("init", c.init, kInits);
  field("bos_token_id", c.bos);
  field("pad_token_id", c.pad);
  field("eos_token_id", c.eos);
  field("unk_token_id", c.unk);
  field("decoder_start_token_id", c.decoder_start);
}

struct Writer {
  Json& json;
  template <class T>
  void operator()(const char* key, const T& value) {
    json[key] = value;
  }
  template <class T, class N>
  void operator()(const char* key, const T& value, const N& names) {
    json[key] = names.name(value);
  }
  void unless_zero(const char* key, int64_t value) {
    if (value) (*this)(key, value);
  }
};

struct Reader {
  const Json& json;
  const std::string& where;
  const Json& at(const char* key) const {
    LB_REQUIRE(json.contains(key), ErrorKind::model, "config", "{}: key '{}' is missing", where, key);
    return json.at(key);
  }
  template <class T>
  void operator()(const char* key, T& value) {
    try {
      value = at(key).template get<T>();
    } catch (const Json::exception&) {
      fail(ErrorKind::model, "config", "{}: key '{}' has the wrong type: {}", where, key, at(key).dump());
    }
  }
  template <class T, class N>
  void operator()(const char* key, T& value, const N& names) {
    std::string name;
    (*this)(key, name);
    value = names.value(name, fmt::format("{}: {}", where, key));
  }
  void unless_zero(const char* key, int64_t& value) {
    if (json.contains(key)) (*this)(key, value);
  }
};

}  // namespace

TransformerConfig TransformerConfig::of_decoder() const {
  TransformerConfig decoder = *this;
  if (decoder_heads) decoder.heads = decoder_heads;
  if (decoder_ffn_dim) decoder.ffn_dim = decoder_ffn_dim;
  return decoder;
}

void validate(const TransformerConfig& c) {
  const auto positive = [](const char* key, int64_t value) {
    LB_REQUIRE(value > 0, ErrorKind::usage, "model", "{} must be positive, not {}", key, value);
  };
  positive("vocab", c.vocab), positive("dim", c.dim), positive("encoder_layers", c.encoder_layers),
      positive("decoder_layers", c.decoder_layers);
  positive("heads", c.heads), positive("ffn_dim", c.ffn_dim), positive("max_positions", c.max_positions);
  LB_REQUIRE(c.decoder_heads >= 0 && c.decoder_ffn_dim >= 0, ErrorKind::usage, "model",
             "decoder_heads {} and decoder_ffn_dim {} must not be negative", c.decoder_heads, c.decoder_ffn_dim);
  for (const int64_t heads : {c.heads, c.of_decoder().heads})
    LB_REQUIRE(c.dim % heads == 0, ErrorKind::usage, "model", "dim {} must be a multiple of heads {}", c.dim, heads);
  for (const double p : {c.dropout, c.attention_dropout, c.activation_dropout})
    LB_REQUIRE(p >= 0 && p < 1, ErrorKind::usage, "model", "a dropout of {} is outside [0, 1)", p);
}

std::string to_json(const TransformerConfig& config) {
  Json json;
  json["model_type"] = "lowbit-seq2seq";
  each_field(config, Writer{json});
  return json.dump(2) + "\n";
}

TransformerConfig transformer_config_from_json(std::string_view text, const std::string& where) {
  const auto json = parse_foreign_object<Json>("config", where, text);
  TransformerConfig config;
  each_field(config, Reader{json, where});
  return config;
}

}  // namespace lowbit
