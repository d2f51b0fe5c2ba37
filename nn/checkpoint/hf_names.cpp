#include "nn/checkpoint/hf_names.h"

#include <fmt/core.h>

namespace lowbit {
namespace {

constexpr std::string_view kTable = "embed_tokens.weight", kBias = "output_projection.bias";

std::string_view without_prefix(std::string_view name, std::string_view prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

bool is_no_weight(std::string_view name) {
  return name.ends_with("version") || name.ends_with("_float_tensor") || name.ends_with("embed_positions.weights") ||
         name.ends_with("num_batches_tracked");
}

/// The first releases of fairseq numbered the norms of a layer: "decoder.layers.0.layer_norms.1.weight".
std::string with_named_norms(std::string_view name) {
  constexpr std::string_view kList = ".layer_norms.";
  const size_t at = name.find(kList), number = at + kList.size();
  if (at == std::string_view::npos || number >= name.size()) return std::string(name);
  const bool decoder = name.starts_with("decoder.");
  const std::string_view norms[] = {"self_attn_layer_norm", decoder ? "encoder_attn_layer_norm" : "final_layer_norm",
                                    "final_layer_norm"};
  const auto which = static_cast<size_t>(name[number] - '0');
  if (which >= (decoder ? 3u : 2u)) return std::string(name);
  return fmt::format("{}.{}{}", name.substr(0, at), norms[which], name.substr(number + 1));
}

}  // namespace

std::string fairseq_name(std::string_view path) {
  return path == kTable ? "encoder.embed_tokens.weight" : std::string(path);
}

std::string hf_name(std::string_view path) {
  if (path == kTable) return "model.shared.weight";
  if (path == kBias) return "final_logits_bias";
  return "model." + std::string(path);
}

FileName understand_name(std::string_view name) {
  using Role = FileName::Role;
  const std::string_view bare = without_prefix(without_prefix(name, "module."), "model.");
  if (is_no_weight(bare)) return {Role::ignored, std::string(bare)};
  if (bare == "shared.weight") return {Role::parameter, std::string(kTable)};
  for (const std::string_view alias : {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight",
                                       "decoder.output_projection.weight", "decoder.embed_out"})
    if (bare == alias) return {Role::alias, std::string(kTable)};
  if (bare == "final_logits_bias") return {Role::parameter, std::string(kBias)};
  return {Role::parameter, with_named_norms(bare)};
}

}  // namespace lowbit
