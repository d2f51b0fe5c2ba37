#include "nn/checkpoint/ct2/ct2_export.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "nn/checkpoint/ct2/ct2_file.h"
#include "nn/checkpoint/ct2/ct2_rows.h"
#include "nn/checkpoint/frozen_weights.h"
#include "nn/quant/bits.h"

namespace lowbit {
namespace {

constexpr const char* kTable = "embed_tokens.weight";
constexpr const char* kProjection = "output_projection.weight";

int8_t activation_id(Unary activation) {
  switch (activation) {
    case Unary::relu:
      return 0;
    case Unary::gelu_tanh:
      return 1;
    case Unary::silu:
      return 2;
    case Unary::gelu:
      return 3;
    case Unary::tanh:
      return 5;
    case Unary::sigmoid:
      return 6;
    default:
      fail(ErrorKind::usage, "export", "CTranslate2 has no such activation function");
  }
}

Tensor flag(int8_t value) { return Tensor::from<int8_t>(Shape(), {value}); }

/// Tensors of one type below each other.
Tensor stack(const std::vector<Tensor>& parts) {
  if (parts.size() == 1) return parts.front();
  const Shape& first = parts.front().shape();
  int64_t rows = 0;
  for (const Tensor& part : parts) rows += part.shape()[0];
  Tensor all = Tensor::empty(first.rank() == 1 ? Shape{rows} : Shape{rows, first[1]}, parts.front().dtype());
  auto* out = static_cast<std::byte*>(all.mutable_raw());
  for (const Tensor& part : parts) {
    std::memcpy(out, part.raw(), part.bytes());
    out += part.bytes();
  }
  return all;
}

class Ct2Builder {
 public:
  Ct2Builder(const TransformerConfig& config, const FrozenWeights& weights) : config_(config), weights_(weights) {
    built.spec = "TransformerSpec";
    built.revision = 7;
  }

  Ct2Model built;
  /// The weights behind each int8 variable.
  std::map<std::string, std::vector<std::string>> quantized;
  int64_t rows = 0, inexact = 0;
  double difference = 0;

  void build() {
    stack_ends("encoder", config_);
    built.variables["encoder/embeddings_merge"] = flag(0);
    built.variables["encoder/multi_query_attention"] = flag(0);
    for (int64_t i = 0; i < config_.encoder_layers; ++i) encoder_layer(i);
    stack_ends("decoder", config_.of_decoder());
    for (const char* name : {"alibi", "alibi_use_positive_positions", "scale_alibi", "start_from_zero_embedding"})
      built.variables[fmt::format("decoder/{}", name)] = flag(0);
    built.variables["decoder/alignment_heads"] = int16_t{1};
    built.variables["decoder/alignment_layer"] = int16_t{-1};
    for (int64_t i = 0; i < config_.decoder_layers; ++i) decoder_layer(i);
    tables();
  }

 private:
  void stack_ends(const std::string& stack, const TransformerConfig& config) {
    built.variables[stack + "/num_heads"] = static_cast<int16_t>(config.heads);
    built.variables[stack + "/pre_norm"] = flag(config.pre_norm);
    built.variables[stack + "/activation"] = flag(activation_id(config.activation));
    built.variables[stack + "/scale_embeddings"] =
        Tensor::scalar(config.scale_embedding ? static_cast<float>(std::sqrt(static_cast<double>(config.dim))) : 1);
    const Tensor positions = config.positions == Positions::learned
                                 ? weights_.values(stack + ".embed_positions.weight")
                                 : sinusoidal_table(config.max_positions + PositionEmbedding::kOffset, config.dim);
    built.variables[stack + "/position_encodings/encodings"] =
        positions.rows(PositionEmbedding::kOffset, positions.shape()[0]);
    if (config.pre_norm) norm(stack + "/layer_norm", stack + ".layer_norm");
    if (config.layernorm_embedding) norm(stack + "/layernorm_embedding", stack + ".layernorm_embedding");
  }

  void encoder_layer(int64_t i) {
    const std::string to = fmt::format("encoder/layer_{}", i), from = fmt::format("encoder.layers.{}.", i);
    self_attention(to, from);
    feed_forward(to, from);
  }

  void decoder_layer(int64_t i) {
    const std::string to = fmt::format("decoder/layer_{}", i), from = fmt::format("decoder.layers.{}.", i);
    self_attention(to, from);
    norm(to + "/attention/layer_norm", from + "encoder_attn_layer_norm");
    linear(to + "/attention/linear_0", {from + "encoder_attn.q_proj"});
    linear(to + "/attention/linear_1", {from + "encoder_attn.k_proj", from + "encoder_attn.v_proj"});
    linear(to + "/attention/linear_2", {from + "encoder_attn.out_proj"});
    feed_forward(to, from);
  }

  void self_attention(const std::string& to, const std::string& from) {
    norm(to + "/self_attention/layer_norm", from + "self_attn_layer_norm");
    linear(to + "/self_attention/linear_0",
           {from + "self_attn.q_proj", from + "self_attn.k_proj", from + "self_attn.v_proj"});
    linear(to + "/self_attention/linear_1", {from + "self_attn.out_proj"});
  }

  void feed_forward(const std::string& to, const std::string& from) {
    norm(to + "/ffn/layer_norm", from + "final_layer_norm");
    linear(to + "/ffn/linear_0", {from + "fc1"});
    linear(to + "/ffn/linear_1", {from + "fc2"});
  }

  void norm(const std::string& to, const std::string& from) {
    built.variables[to + "/gamma"] = weights_.values(from + ".weight");
    built.variables[to + "/beta"] = weights_.values(from + ".bias");
  }

  void linear(const std::string& to, const std::vector<std::string>& from) {
    std::vector<std::string> paths;
    std::vector<Tensor> biases;
    for (const std::string& path : from) {
      paths.push_back(path + ".weight");
      biases.push_back(weights_.values(path + ".bias"));
    }
    matrix(to + "/weight", paths);
    built.variables[to + "/bias"] = stack(biases);
  }

  /// Codes when all parts have them; one part in float makes all of them float.
  void matrix(const std::string& to, const std::vector<std::string>& paths) {
    std::vector<Tensor> parts, scales;
    if (!std::all_of(paths.begin(), paths.end(), [&](const auto& path) { return weights_.codes.count(path) > 0; })) {
      for (const std::string& path : paths) parts.push_back(weights_.values(path));
      built.variables[to] = stack(parts);
      return;
    }
    for (const std::string& path : paths) {
      const Ct2Rows part = ct2_rows(weights_.codes.at(path));
      parts.push_back(part.codes);
      scales.push_back(part.scale);
      rows += part.scale.numel();
      inexact += part.inexact;
      difference = std::max(difference, part.difference);
    }
    built.variables[to] = stack(parts);
    built.variables[to + "_scale"] = stack(scales);
    quantized[to] = paths;
  }

  /// One table for both embeddings, and for the projection unless its codes differ.
  void tables() {
    const std::string table = "decoder/embeddings/weight";
    matrix(table, {kTable});
    alias("encoder/embeddings_0/weight", table);
    if (weights_.has(kProjection))
      matrix("decoder/projection/weight", {kProjection});
    else
      alias("decoder/projection/weight", table);
    if (!weights_.floats.count("output_projection.bias")) return;
    const Tensor bias = weights_.values("output_projection.bias");
    const std::vector<float> values = bias.to_vector<float>();
    if (std::any_of(values.begin(), values.end(), [](float value) { return value != 0; }))
      built.variables["decoder/projection/bias"] = bias;
  }

  void alias(const std::string& name, const std::string& table) {
    built.aliases[name] = table;
    if (built.variables.count(table + "_scale")) built.aliases[name + "_scale"] = table + "_scale";
  }

  const TransformerConfig& config_;
  const FrozenWeights& weights_;
};

template <class T>
std::vector<T> copied(std::span<const std::byte> bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

/// What stands in the file, against the codes that the model has.
void verify_codes(const Ct2File& file, const Ct2Builder& builder, const FrozenWeights& weights) {
  for (const auto& [name, paths] : builder.quantized) {
    const std::vector<int8_t> codes = copied<int8_t>(file.variables.at(name).bytes);
    const std::vector<float> scale = copied<float>(file.variables.at(name + "_scale").bytes);
    size_t row = 0;
    for (const std::string& path : paths) {
      const QTensor& q = weights.codes.at(path);
      const size_t rows = static_cast<size_t>(q.shape()[0]), columns = static_cast<size_t>(q.shape()[1]);
      verify_rows(q, std::span(codes).subspan(row * columns, rows * columns), std::span(scale).subspan(row, rows),
                  path);
      row += rows;
    }
  }
}

}  // namespace

std::vector<std::string> write_ct2_model(Seq2Seq& model, const std::string& path) {
  refuse_constraints(model, "CTranslate2");
  const FrozenWeights weights = freeze_weights(model);
  Ct2Builder builder(model.config(), weights);
  builder.build();
  save_ct2(path, builder.built);
  const Ct2File again(path);
  verify_written(builder.built, again);
  verify_codes(again, builder, weights);
  std::vector<std::string> notes;
  if (const int bits = bits_of(model).activations; bits < 8)
    notes.push_back(
        fmt::format("the model has learned with activations of {} bits, which CTranslate2 does not compute: "
                    "its output there is another model's",
                    bits));
  if (builder.inexact > 0)
    notes.push_back(
        fmt::format("{} of {} rows of codes have values that differ by up to {:.1e} relatively: CTranslate2 "
                    "divides by a scale",
                    builder.inexact, builder.rows, builder.difference));
  for (const auto& [line, count] : activation_quantizers(model))
    notes.push_back(fmt::format(
        "{} slots of '{}' are left out: CTranslate2 quantizes the inputs of int8 products its own way", count, line));
  return notes;
}

}  // namespace lowbit
