#include "apps/lib/train/precision_options.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "nn/cast_rules.h"

namespace lowbit {
namespace {

struct StorageName {
  std::string_view name;
  DType dtype;
};
constexpr StorageName kStorageNames[] = {{"fp32", DType::f32},    {"fp16", DType::f16}, {"bf16", DType::bf16},
                                         {"f32", DType::f32},     {"f16", DType::f16},  {"float32", DType::f32},
                                         {"float16", DType::f16}, {"half", DType::f16}, {"bfloat16", DType::bf16}};

std::pair<std::string, std::string> split_pair(const std::string& item, const char* key, const char* value) {
  const size_t equals = item.rfind('=');
  LB_REQUIRE(equals != std::string::npos && equals > 0, ErrorKind::usage, key,
             "\"{}\" must be PATTERN={}, such as \"decoder.*.encoder_attn.q_proj={}\"", item, value,
             key == std::string_view("precision.sites") ? "fp32" : "4");
  return {item.substr(0, equals), item.substr(equals + 1)};
}

std::vector<std::string> module_paths(Module& model) {
  std::vector<std::string> paths;
  model.each_module([&](const std::string& path, Module&) {
    if (!path.empty()) paths.push_back(path);
  });
  return paths;
}

/// docs/precision.md, "Products".
std::string products(DType activations, ops::MatmulPrecision matmul) {
  using enum ops::MatmulPrecision;
  const std::string floats = activations != DType::f32 ? fmt::format("of {} operands, f32 sums", to_string(activations))
                             : matmul == f32           ? "f32"
                                                       : "of operands rounded to bf16, f32 sums";
  return fmt::format(
      "products {}; of quantized layers: forward in integers, backward {}", floats,
      matmul == int8 ? "in integers too, from 8-bit gradients, up to 65536 outputs" : "as products of floats");
}

}  // namespace

EnumNames<PrecisionPolicy> precision_policy_names() {
  EnumNames<PrecisionPolicy> names;
  for (const PolicyRow& row : kPolicies) names.emplace_back(row.name, row.policy);
  return names;
}

void declare_precision_options(OptionRegistry& r, PrecisionOptions& o) {
  r.add("precision.policy", o.policy, precision_policy_names(),
        "what is stored in which floating type; computed in f32 always: docs/precision.md")
      .shorthand("fp16", "fp16")
      .shorthand("amp", "fp16")
      .shorthand("bf16", "bf16")
      .shorthand("memory-efficient-fp16", "fp16-lean");
  r.add("precision.sites", o.sites,
        "modules that store another type: PATTERN=fp32|fp16|bf16; * matches dots too, the last match wins")
      .pairs();
  r.add("precision.exponents", o.exponents,
        "modules whose gradients are held times 2^N on top of the loss scale: PATTERN=N")
      .pairs();
}

void declare_loss_scale_options(OptionRegistry& r, LossScaleOptions& o) {
  r.add("loss_scale.preset", o.preset, "whose rules move the loss scale").choices(loss_scaler_presets());
  r.add("loss_scale.init", o.init, "first scale, a power of two; 0: the preset's")
      .alias("fp16-init-scale")
      .range(0, 1e30);
  r.add("loss_scale.interval", o.interval, "updates without an overflow before it grows; 0: the preset's")
      .alias("fp16-scale-window")
      .range(0, 1 << 30);
  r.add("loss_scale.tolerance", o.tolerance,
        "share of overflows since the last change up to which it stays; -1: the preset's")
      .alias("fp16-scale-tolerance")
      .range(-1, 1);
  r.add("loss_scale.hysteresis", o.hysteresis, "overflows before it falls; 0: the preset's").range(0, 1 << 20);
  r.add("loss_scale.min", o.min,
        "floor: training ends there, and with megatron's rules the scale stays; -1: the preset's")
      .alias("min-loss-scale")
      .range(-1, 1e30);
  r.add("loss_scale.max", o.max, "largest scale; 0: none; -1: the preset's").range(-1, 1e30);
  r.add("loss_scale.threshold", o.threshold, "scale below which it never falls; 0: none; -1: the preset's")
      .alias("threshold-loss-scale")
      .range(-1, 1e30);
  r.add("loss_scale.retry", o.retry, "times that a skipped batch is tried again; 0: the next batch follows")
      .range(0, 1000);
}

Precision precision_of(const PrecisionOptions& options) {
  Precision precision(row_of(options.policy).activations);
  for (const std::string& item : options.sites) {
    const auto [pattern, wanted] = split_pair(item, "precision.sites", "fp32|fp16|bf16");
    const auto* type = std::ranges::find(kStorageNames, std::string_view(wanted), &StorageName::name);
    LB_REQUIRE(type != std::end(kStorageNames), ErrorKind::usage, "precision.sites",
               "\"{}\" must be PATTERN=fp32|fp16|bf16", item);
    precision.store(pattern, type->dtype);
  }
  for (const std::string& item : options.exponents) {
    const auto [pattern, number] = split_pair(item, "precision.exponents", "INTEGER");
    const auto exponent = ValueText<int64_t>::read(number, {.low = -100, .high = 100});
    LB_REQUIRE(exponent, ErrorKind::usage, "precision.exponents", "\"{}\" must be PATTERN=INTEGER, -100 to 100", item);
    precision.scale_gradients(pattern, static_cast<int>(*exponent));
  }
  return precision;
}

void check_patterns(const Precision& precision, Module& model) {
  const std::vector<std::string> paths = module_paths(model);
  const std::vector<std::string> unmatched = precision.unmatched(paths);
  if (!unmatched.empty())
    fail(ErrorKind::usage, "precision", "\"{}\" matches no module{}", unmatched.front(),
         nearest_hint(unmatched.front(), paths));
}

std::optional<LossScalerConfig> loss_scaler_of(const PrecisionOptions& precision, const LossScaleOptions& o,
                                               int64_t update_freq) {
  if (!row_of(precision.policy).loss_scaling) return {};
  LossScalerConfig config = loss_scaler_preset(o.preset, 1, update_freq);
  if (o.init > 0) config.init = o.init;
  if (o.interval > 0) config.interval = o.interval;
  if (o.hysteresis > 0) config.hysteresis = o.hysteresis;
  if (o.tolerance >= 0) config.tolerance = o.tolerance;
  if (o.min >= 0) config.min = o.min;
  if (o.min > 0 && config.floor == ScaleFloor::none) config.floor = ScaleFloor::raise;
  if (o.max >= 0) config.max = o.max;
  if (o.threshold >= 0) config.threshold = o.threshold;
  validate(config);
  return config;
}

std::string precision_plan(const PrecisionOptions& options, ops::MatmulPrecision matmul, Module& model) {
  const PolicyRow& row = row_of(options.policy);
  const Precision precision = precision_of(options);
  check_patterns(precision, model);
  std::string text = fmt::format(
      "policy {}: activations and their gradients {}, matrices {}{}, {} bytes a weight under Adam, loss scaling "
      "{}\n{}\n\n",
      row.name, to_string(row.activations), to_string(row.matrices),
      row.matrices == DType::f32 ? ""
      : row.stochastic_rounding  ? " without an f32 copy, rounded stochastically"
                                 : " without an f32 copy",
      row.bytes_per_weight, row.loss_scaling ? "on" : "off", products(row.activations, matmul));
  text += fmt::format("{:<22}{:<18}{:<12}{:<12}{:<8}{}\n", "op", "input", "computed in", "result", "scaled", "why");
  for (const CastRule& rule : kCastRules)
    text +=
        fmt::format("{:<22}{:<18}{:<12}{:<12}{:<8}{}\n", rule.op, described(rule.input, row),
                    described(rule.compute, row), described(rule.result, row), rule.scaled ? "yes" : "no", rule.why);
  std::string sites;
  for (const std::string& path : module_paths(model)) {
    const SitePrecision site = precision.at(path);
    if (site.storage != row.activations || site.grad_exponent != 0)
      sites += fmt::format("  {:<48}{}{}\n", path, to_string(site.storage),
                           site.grad_exponent == 0 ? "" : fmt::format(", gradients times 2^{}", site.grad_exponent));
  }
  if (!sites.empty()) text += "\nmodules that differ (result, and gradient of the result):\n" + sites;
  return text;
}

}  // namespace lowbit
