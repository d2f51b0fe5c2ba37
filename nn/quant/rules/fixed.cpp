// A grid known beforehand: attention probabilities lie in [0, 1], so 255 steps of 1/255 need no statistics.
#include <vector>

#include "nn/quant/rules/rules.h"

namespace lowbit {
namespace {

class FixedRule final : public ScaleRule {
 public:
  FixedRule(float scale, float offset) : scale_(scale), offset_(offset) {}

  ops::Encoding encode(const Tensor& x, CodeBook book, Granularity per, const ops::PassRule& pass) const override {
    LB_CHECK(per == Granularity::tensor, "quantizer", "a fixed grid has one scale");
    const CodeRange range = range_of(book);
    return ops::encode_grid(x, book, per, scale_of_one(scale_), offset_ == 0 ? Tensor() : scale_of_one(offset_),
                            range.low, range.high, pass);
  }

 private:
  static Tensor scale_of_one(float value) { return Tensor::from({1}, std::vector<float>{value}); }
  float scale_, offset_;
};

}  // namespace

std::unique_ptr<ScaleRule> fixed_rule(float scale, float offset) { return std::make_unique<FixedRule>(scale, offset); }

}  // namespace lowbit
