// Ternary weight networks (Li et al. 2016, arXiv:1605.04711): threshold 0.7 mean|w|, scale the mean of
// |w| above it. TernaryBERT clamps w to [-2.5, 2.5] first and masks the gradient outside.
#include <algorithm>
#include <cmath>

#include "nn/quant/rules/rules.h"

namespace lowbit {
namespace {

constexpr double kThresholdOfMean = 0.7;

class TwnRule final : public ScaleRule {
 public:
  explicit TwnRule(float clip) : clip_(clip) {}

  ops::Encoding encode(const Tensor& x, CodeBook, Granularity per, const ops::PassRule& pass) const override {
    const ops::GroupStats stats = ops::group_stats(x, per);
    const Tensor clipped = reaches_clip(stats.absmax) ? clamp(x) : x;
    const Tensor mean_abs = clipped.raw() == x.raw() ? stats.mean_abs : ops::group_stats(clipped, per).mean_abs;
    Tensor threshold = Tensor::empty(mean_abs.shape());
    for (int64_t g = 0; g < threshold.numel(); ++g)
      threshold.mutable_data<float>()[g] = static_cast<float>(kThresholdOfMean * mean_abs.data<float>()[g]);
    // The clip is far above the threshold, so the codes are those of x; the mask needs x itself.
    return ops::encode_threshold(x, per, ops::mean_abs_above(clipped, per, threshold), threshold, pass);
  }

 private:
  bool reaches_clip(const Tensor& absmax) const {
    const float* values = absmax.data<float>();
    return std::any_of(values, values + absmax.numel(), [&](float value) { return value > clip_; });
  }

  Tensor clamp(const Tensor& x) const {
    Tensor y = x.clone();
    float* values = y.mutable_data<float>();
    for (int64_t i = 0; i < y.numel(); ++i)
      if (std::abs(values[i]) > clip_) values[i] = std::copysign(clip_, values[i]);
    return y;
  }

  float clip_;
};

}  // namespace

std::unique_ptr<ScaleRule> twn_rule(float clip) { return std::make_unique<TwnRule>(clip); }

}  // namespace lowbit
