// Uniform grids from statistics or constants. With bits=8 per=tensor clip=2.5, absmax is the symmetric and minmax
// shift=min the asymmetric activation quantizer of TernaryBERT, DQ-BART and TBT's A8 rows; the gradient is zero at the
// clip value too.
#include "nn/quant/methods/methods.h"
#include "nn/quant/methods/parts.h"

namespace lowbit::methods {
namespace {

/// The widths whose code book is used to its last level.
int64_t full_width(Spec& spec) {
  const int64_t bits = spec.integer("bits", 8);
  if (bits != 2 && bits != 4 && bits != 8) spec.fail_value("bits", std::to_string(bits), "2, 4 or 8");
  return bits;
}

}  // namespace

std::unique_ptr<Quantizer> absmax(Spec& spec) {
  const int64_t bits = full_width(spec);
  const float limit = clip(spec, kNoClip);
  const Granularity per = granularity(spec, Granularity::row);
  return build(spec, signed_book(spec, bits), per, abs_max_rule(limit, 0), inside_clip(limit));
}

std::unique_ptr<Quantizer> minmax(Spec& spec) {
  const int64_t bits = full_width(spec);
  const float limit = clip(spec, kNoClip);
  const Granularity per = granularity(spec, Granularity::row);
  return build(spec, unsigned_book(spec, bits), per, min_max_rule(shift(spec), limit), inside_clip(limit));
}

std::unique_ptr<Quantizer> fixed(Spec& spec) {
  const int64_t bits = full_width(spec);
  const CodeBook book = spec.flag("signed", false) ? signed_book(spec, bits) : unsigned_book(spec, bits);
  const CodeRange range = range_of(book);
  const double scale = spec.number("scale", 1.0 / range.high);
  if (!(scale > 0)) spec.fail_value("scale", std::to_string(scale), "positive");
  return build(spec, book, Granularity::tensor,
               fixed_rule(static_cast<float>(scale), static_cast<float>(spec.number("offset", 0))),
               on_grid(range.low, range.high));
}

}  // namespace lowbit::methods
