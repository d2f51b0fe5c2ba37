#include "nn/checkpoint/hf_names.h"

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

}  // namespace

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
                                       "decoder.output_projection.weight"})
    if (bare == alias) return {Role::alias, std::string(kTable)};
  if (bare == "final_logits_bias") return {Role::parameter, std::string(kBias)};
  return {Role::parameter, std::string(bare)};
}

}  // namespace lowbit
