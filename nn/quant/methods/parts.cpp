#include "nn/quant/methods/parts.h"

#include <cmath>

namespace lowbit::methods {

std::unique_ptr<Quantizer> build(const Spec& spec, CodeBook book, Granularity per, std::unique_ptr<ScaleRule> rule,
                                 const ops::PassRule& pass) {
  spec.finish();
  return std::make_unique<GridQuantizer>(GridQuantizer::Config{book, per, pass}, std::move(rule), spec.text());
}

Granularity granularity(Spec& spec, Granularity fallback) {
  if (!spec.word("per")) return fallback;
  return spec.choice<Granularity>(
      "per", {{"row", Granularity::row}, {"token", Granularity::row}, {"tensor", Granularity::tensor}});
}

float clip(Spec& spec, float fallback) {
  const double value = spec.number("clip", fallback);
  if (!(value > 0)) spec.fail_value("clip", std::to_string(value), "positive");
  return static_cast<float>(value);
}

std::optional<float> shift(Spec& spec) {
  const std::optional<std::string> word = spec.word("shift");
  if (!word) return 0.0f;
  if (*word == "min") return std::nullopt;
  return static_cast<float>(spec.number("shift", 0));
}

CodeBook signed_book(const Spec& spec, int64_t bits) {
  if (bits < 1 || bits > 8) spec.fail_value("bits", std::to_string(bits), "1 to 8");
  return bits == 1 ? CodeBook::binary : bits == 2 ? CodeBook::ternary : bits <= 4 ? CodeBook::int4 : CodeBook::int8;
}

CodeBook unsigned_book(const Spec& spec, int64_t bits) {
  if (bits < 1 || bits > 8) spec.fail_value("bits", std::to_string(bits), "1 to 8");
  return bits == 1 ? CodeBook::bit : bits == 2 ? CodeBook::trit : bits <= 4 ? CodeBook::uint4 : CodeBook::uint8;
}

ops::PassRule inside_clip(float clip) {
  if (std::isinf(clip)) return {};
  return {ops::PassRule::On::value, /*closed=*/false, -clip, clip};
}

ops::PassRule on_grid(int low, int high, bool closed) {
  return {ops::PassRule::On::level, closed, static_cast<float>(low), static_cast<float>(high)};
}

}  // namespace lowbit::methods
