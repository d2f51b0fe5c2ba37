// Dynamic asymmetric scale of TernaryBERT and TBT for non-negative sites (the second linear of the feed-forward block,
// attention probabilities). The published code shifts by the minimum of the whole tensor; a constant shift, the
// activation function's own minimum, makes every token independent of the others.
#include "nn/quant/rules/rules.h"

namespace lowbit {
namespace {

class MinMaxRule final : public ScaleRule {
 public:
  MinMaxRule(std::optional<float> shift, float clip) : shift_(shift), clip_(clip) {}

  ops::Encoding encode(const Tensor& x, CodeBook book, Granularity per, const ops::PassRule& pass) const override {
    return ops::encode_asymmetric(x, book, per, shift_, pass, clip_);
  }

 private:
  std::optional<float> shift_;
  float clip_;
};

}  // namespace

std::unique_ptr<ScaleRule> min_max_rule(std::optional<float> shift, float clip) {
  return std::make_unique<MinMaxRule>(shift, clip);
}

}  // namespace lowbit
