#include "nn/checkpoint/fairseq_config.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/text.h"
#include "nn/checkpoint/fairseq_args.h"
#include "nn/checkpoint/hf_names.h"
#include "nn/checkpoint/weight_import.h"

namespace lowbit {
namespace {

/// fairseq's BART and mBART: no constant on the logits; mBART scales its embeddings.
TransformerConfig bart(const char* preset, bool scaled) {
  TransformerConfig config = transformer_preset(preset);
  config.scale_embedding = scaled;
  config.logits_bias = false;
  return config;
}

/// By fairseq's name; its plain transformers are presets of the same name.
std::map<std::string, TransformerConfig> arches() {
  std::map<std::string, TransformerConfig> table = {{"transformer", transformer_preset("transformer_wmt_en_de")},
                                                    {"bart_base", bart("bart-base", false)},
                                                    {"bart_large", bart("bart-large", false)},
                                                    {"mbart_base", bart("bart-base", true)},
                                                    {"mbart_large", bart("bart-large", true)}};
  for (const std::string& name : transformer_preset_names())
    if (name.starts_with("transformer_")) table[name] = transformer_preset(name);
  return table;
}

std::pair<std::string, TransformerConfig> arch_of(const JsonKeys& keys) {
  std::string name;
  keys.take("_name", name);
  keys.take("arch", name);
  std::vector<std::string> known;
  for (auto& [arch, config] : arches()) {
    if (arch == name) return {arch, config};
    known.push_back(arch);
  }
  fail(ErrorKind::model, "import", "{}: arch {} is not computed here{}", keys.where(), quoted_name(name),
       nearest_hint(name, known));
}

constexpr std::pair<std::string_view, Unary> kActivations[] = {
    {"relu", Unary::relu},           {"gelu", Unary::gelu}, {"gelu_accurate", Unary::gelu},
    {"gelu_fast", Unary::gelu_tanh}, {"tanh", Unary::tanh}, {"swish", Unary::silu}};

void take_activation(const JsonKeys& keys, Unary& activation) {
  if (!keys.has("activation_fn")) return;
  std::string name;
  keys.take("activation_fn", name);
  const auto* const found = std::find_if(std::begin(kActivations), std::end(kActivations),
                                         [&](const auto& known) { return known.first == name; });
  if (found == std::end(kActivations))
    keys.refuse("activation_fn", "only relu, gelu, gelu_accurate, gelu_fast, tanh and swish are computed here");
  activation = found->second;
}

void refuse_variants(const JsonKeys& keys) {
  constexpr const char* kOther = "asks for a variant of the transformer that is not computed here";
  for (const char* variant : {"no_token_positional_embeddings", "cross_self_attention", "no_cross_attention",
                              "adaptive_input", "scale_attn", "scale_fc", "scale_heads", "scale_resids"})
    keys.expect(variant, false, kOther);
  for (const char* variant : {"adaptive_softmax_cutoff", "encoder_layers_to_keep", "decoder_layers_to_keep"})
    keys.expect_none(variant, kOther);
}

/// One value that both halves of the model must share.
template <class T>
void take_shared(const JsonKeys& keys, const char* encoder_key, const char* decoder_key, T& value) {
  keys.take(encoder_key, value);
  T other = value;
  keys.take(decoder_key, other);
  if (other != value)
    keys.refuse(decoder_key, fmt::format("differs from {}, and one model has one of them here", encoder_key));
}

/// Shapes in the file by our paths, whatever names it has.
class Shapes {
 public:
  explicit Shapes(const FairseqFile& file) {
    for (const auto& [name, entry] : file.entries()) {
      FileName known = understand_name(name);
      if (known.role == FileName::Role::alias) tables_ += name + "\n";
      if (known.role != FileName::Role::ignored) shapes_.emplace(std::move(known.path), entry.shape);
    }
  }
  bool has(const std::string& path) const { return shapes_.count(path) > 0; }
  /// Whether the token table stands under this name too.
  bool has_table(std::string_view name) const { return tables_.find(name) != std::string::npos; }
  /// Extent of an axis; -1: there is no such tensor or axis.
  int64_t extent(const std::string& path, int axis) const {
    const auto found = shapes_.find(path);
    return found == shapes_.end() || axis >= found->second.rank() ? -1 : found->second[axis];
  }
  /// Layers of a stack, from number 0 on.
  int64_t layers(const std::string& stack) const {
    int64_t count = 0;
    while (has(fmt::format("{}.layers.{}.fc1.weight", stack, count))) ++count;
    return count;
  }

 private:
  std::map<std::string, Shape> shapes_;
  std::string tables_;
};

/// A table that is not tied must be in the file, where the import sees whether it is another.
void take_ties(const JsonKeys& keys, const Shapes& shapes, bool tied) {
  bool all = tied, output = tied;
  keys.take("share_all_embeddings", all);
  keys.take("share_decoder_input_output_embed", output);
  constexpr const char* kLacks = "asks for a table of its own, which the file lacks";
  if (!all && !(shapes.has_table("encoder.embed_tokens.weight") && shapes.has_table("decoder.embed_tokens.weight")))
    keys.refuse("share_all_embeddings", kLacks);
  if (!all && !output && !shapes.has_table("decoder.output_projection.weight") &&
      !shapes.has_table("decoder.embed_out"))
    keys.refuse("share_decoder_input_output_embed", kLacks);
}

void take_norms(const JsonKeys& keys, const Shapes& shapes, TransformerConfig& config) {
  const bool there = shapes.has("encoder.layer_norm.weight");
  if (!keys.has("encoder_normalize_before")) config.pre_norm = there;
  take_shared(keys, "encoder_normalize_before", "decoder_normalize_before", config.pre_norm);
  if (config.pre_norm != there)
    keys.refuse("encoder_normalize_before", there
                                                ? "contradicts the norm at the end of the stacks, which the file holds"
                                                : "asks for a norm at the end of the stacks, which the file lacks");
  if (config.pre_norm)
    keys.expect("no_decoder_final_norm", false, "asks for a variant of the transformer that is not computed here");
}

/// Before a model of these sizes is made: the file must be able to fill it.
void compare_sizes(const std::string& where, const Shapes& shapes, const TransformerConfig& config) {
  const auto require = [&](const char* argument, int64_t said, int64_t held) {
    LB_REQUIRE(said == held, ErrorKind::model, "import", "{}: '{}' is {}, but the tensors have {}", where, argument,
               said, held < 0 ? "none" : std::to_string(held));
  };
  require("encoder_layers", config.encoder_layers, shapes.layers("encoder"));
  require("decoder_layers", config.decoder_layers, shapes.layers("decoder"));
  require("encoder_embed_dim", config.dim, shapes.extent("embed_tokens.weight", 1));
  require("encoder_ffn_embed_dim", config.ffn_dim, shapes.extent("encoder.layers.0.fc1.weight", 0));
  require("decoder_ffn_embed_dim", config.of_decoder().ffn_dim, shapes.extent("decoder.layers.0.fc1.weight", 0));
  if (config.positions == Positions::learned)
    require("max_source_positions", config.max_positions, shapes.extent("encoder.embed_positions.weight", 0) - 2);
}

void take_sizes(const JsonKeys& keys, TransformerConfig& config) {
  take_shared(keys, "encoder_embed_dim", "decoder_embed_dim", config.dim);
  for (const char* same : {"decoder_input_dim", "decoder_output_dim"})
    keys.expect(same, config.dim, "differs from encoder_embed_dim, and one model has one of them here");
  int64_t decoder_heads = config.heads, decoder_ffn_dim = config.ffn_dim;
  keys.take("encoder_layers", config.encoder_layers);
  keys.take("decoder_layers", config.decoder_layers);
  keys.take("encoder_attention_heads", config.heads);
  keys.take("decoder_attention_heads", decoder_heads);
  keys.take("encoder_ffn_embed_dim", config.ffn_dim);
  keys.take("decoder_ffn_embed_dim", decoder_ffn_dim);
  if (decoder_heads != config.heads) config.decoder_heads = decoder_heads;
  if (decoder_ffn_dim != config.ffn_dim) config.decoder_ffn_dim = decoder_ffn_dim;
  int64_t target_positions = config.max_positions;
  keys.take("max_source_positions", config.max_positions);
  keys.take("max_target_positions", target_positions);
  if (config.positions == Positions::sinusoidal)
    config.max_positions = std::min(config.max_positions, target_positions);
  else if (config.max_positions != target_positions)
    keys.refuse("max_target_positions", "differs from max_source_positions, and one model has one of them here");
}

void take_dropout(const JsonKeys& keys, TransformerConfig& config) {
  keys.take("dropout", config.dropout);
  keys.take("attention_dropout", config.attention_dropout);
  keys.take("activation_dropout", config.activation_dropout);
  double before_2019 = 0;
  keys.take("relu_dropout", before_2019);
  if (config.activation_dropout == 0) config.activation_dropout = before_2019;
}

}  // namespace

FairseqModel describe_fairseq(const FairseqFile& file) {
  const JsonKeys keys = fairseq_args(file.root(), file.path());
  const Shapes shapes(file);
  const auto [arch, preset] = arch_of(keys);
  FairseqModel model{arch, preset};
  TransformerConfig& config = model.config;
  refuse_variants(keys);
  bool learned = config.positions == Positions::learned, unscaled = !config.scale_embedding;
  take_shared(keys, "encoder_learned_pos", "decoder_learned_pos", learned);
  config.positions = learned ? Positions::learned : Positions::sinusoidal;
  keys.take("no_scale_embedding", unscaled);
  config.scale_embedding = !unscaled;
  keys.take("layernorm_embedding", config.layernorm_embedding);
  take_activation(keys, config.activation);
  take_ties(keys, shapes, arch.find("bart") != std::string::npos);
  take_norms(keys, shapes, config);
  take_sizes(keys, config);
  take_dropout(keys, config);
  config.init = WeightInit::none;
  config.vocab = std::max<int64_t>(shapes.extent("embed_tokens.weight", 0), 1);
  compare_sizes(keys.where(), shapes, config);
  try {
    validate(config);
  } catch (const Error& error) {
    throw Error(ErrorKind::model, fmt::format("{} (in {})", error.what(), keys.where()));
  }
  LB_REQUIRE(config.vocab > config.unk, ErrorKind::model, "import", "{}: a token table of {} rows", file.path(),
             config.vocab);
  return model;
}

}  // namespace lowbit
