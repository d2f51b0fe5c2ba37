// TBT: "Binary and Ternary Natural Language Generation", Liu et al. 2023, arXiv:2306.01841. The released code and the
// printed equations differ for weights:
//   code (default)  s = mean|W_row| (1 bit) or 4/3 mean|W_row| (2 bits), no mean removal, gradient everywhere
//   paper           mu = mean W, s = mean|W - mu| or 4/3 of it, one for the tensor; gradient where |(W - mu)/s| < 1
// Both: 1 bit s * sign(.), 2 bits s * round(clamp(., -1, 1)); neither adds mu back. Eight bits are TernaryBERT's
// symmetric quantizer.
#include <fmt/core.h>

#include "nn/quant/methods/methods.h"
#include "nn/quant/methods/parts.h"

namespace lowbit::methods {

std::unique_ptr<Quantizer> tbt_weight(Spec& spec) {
  const int64_t bits = spec.required_integer("bits");
  if (bits > 2) return absmax(spec);
  CodeBook book = signed_book(spec, bits);
  enum class Reading { code, paper };
  const bool paper =
      spec.choice<Reading>("reading", {{"code", Reading::code}, {"paper", Reading::paper}}) == Reading::paper;
  const Granularity per = granularity(spec, paper ? Granularity::tensor : Granularity::row);
  MeanAbsConfig config{.factor = bits == 2 ? 4.0 / 3.0 : 1.0,
                       .remove_mean = paper ? MeanRemoval::codes_and_scale : MeanRemoval::none};
  if (bits == 1 && !paper && spec.choice<bool>("zero", {{"+1", false}, {"0", true}})) {
    config.zero_sign = true;
    book = CodeBook::ternary;
  }
  return build(spec, book, per, mean_abs_rule(config), paper ? on_grid(-1, 1, /*closed=*/false) : ops::PassRule{});
}

/// One name for all widths, so that a recipe says bits=$activations and describe() says what that came to.
///   reading=local (default)  no token depends on another: 8 bits absmax, or minmax from a constant shift, by token;
///                            fewer bits elastic with a constant shift
///   reading=code             the release: one scale a tensor, clip 2.5, unsigned sites shifted by the tensor's minimum
std::unique_ptr<Quantizer> tbt_activation(Spec& spec) {
  const int64_t bits = spec.required_integer("bits");
  const bool is_signed = spec.flag("signed", true);
  const bool local = spec.choice<bool>("reading", {{"local", true}, {"code", false}});
  const std::string shift = is_signed ? "" : " shift=" + (local ? spec.word("shift").value_or("0") : "min");
  spec.finish();
  Spec chosen(bits < 8 ? fmt::format("elastic bits={} signed={}{}", bits, is_signed, shift)
                       : fmt::format("{} bits={} {}{}", is_signed ? "absmax" : "minmax", bits,
                                     local ? "per=token" : "per=tensor clip=2.5", shift));
  return bits < 8 ? elastic(chosen) : is_signed ? absmax(chosen) : minmax(chosen);
}

/// Attention probabilities: 8 bits on the fixed grid of 1/255, fewer learned without a shift.
std::unique_ptr<Quantizer> tbt_probs(Spec& spec) {
  const int64_t bits = spec.required_integer("bits");
  spec.finish();
  Spec chosen(bits < 8 ? fmt::format("elastic bits={} signed=false", bits) : fmt::format("fixed bits={}", bits));
  return bits < 8 ? elastic(chosen) : fixed(chosen);
}

}  // namespace lowbit::methods
