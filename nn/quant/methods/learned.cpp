// Learned scales: LSQ (Esser et al. 2020, arXiv:1902.08153) and the elastic activations of BiT and TBT (Liu et al.
// 2022, arXiv:2205.13016; Liu et al. 2023, arXiv:2306.01841).
#include <algorithm>

#include "nn/quant/methods/methods.h"
#include "nn/quant/methods/parts.h"

namespace lowbit::methods {
namespace {

struct Levels {
  int32_t low, high;
};

/// 2^bits levels: [-2^(bits-1), 2^(bits-1) - 1] or [0, 2^bits - 1].
Levels all_levels(int64_t bits, bool is_signed) {
  const int32_t count = 1 << bits;
  return is_signed ? Levels{-count / 2, count / 2 - 1} : Levels{0, count - 1};
}

}  // namespace

std::unique_ptr<Quantizer> lsq(Spec& spec) {
  const int64_t bits = spec.required_integer("bits");
  const bool is_signed = spec.flag("signed", true);
  if (bits < 2 || bits > 8) spec.fail_value("bits", std::to_string(bits), "2 to 8 (1 bit: elastic)");
  const Levels levels = all_levels(bits, is_signed);
  // Two bits are four levels here, one more than the three of ternary and trit.
  const int64_t width = std::max<int64_t>(bits, 3);
  return build(
      spec, is_signed ? signed_book(spec, width) : unsigned_book(spec, width), Granularity::tensor,
      learned_rule(
          {.low = levels.low, .high = levels.high, .init_factor = 2, .init_high = static_cast<double>(levels.high)}),
      on_grid(levels.low, levels.high));
}

/// Signed: 1 bit sign(x), 2 bits {-1, 0, 1}. Unsigned: 1 bit {0, 1} without shift, 2 bits {0, 1, 2}. The init uses the
/// highest of all 2^bits levels, although 2 bits keep only three of them.
std::unique_ptr<Quantizer> elastic(Spec& spec) {
  const int64_t bits = spec.required_integer("bits");
  const bool is_signed = spec.flag("signed", true);
  CodeBook book = is_signed ? signed_book(spec, bits) : unsigned_book(spec, bits);
  const Levels all = all_levels(bits, is_signed);
  Levels levels = all;
  if (bits <= 2) levels = is_signed ? Levels{-1, 1} : Levels{0, static_cast<int32_t>(bits)};
  LearnedConfig config{.low = levels.low,
                       .high = levels.high,
                       .init_factor = is_signed ? 2.0 : 4.0,
                       .init_high = static_cast<double>(std::max(all.high, 1)),
                       .sign = is_signed && bits == 1};
  if (config.sign && spec.choice<bool>("zero", {{"+1", false}, {"0", true}})) book = CodeBook::ternary;
  if (!is_signed) {
    const std::optional<float> constant = shift(spec);
    if (bits > 1) {
      config.shift = constant;
      config.shift_to_min = !constant;
    }
  }
  return build(spec, book, Granularity::tensor, learned_rule(config), on_grid(levels.low, levels.high));
}

}  // namespace lowbit::methods
