// One learned scale a tensor. LSQ (Esser et al. 2020, arXiv:1902.08153) and the elastic quantizer of BiT
// (Liu et al. 2022, arXiv:2205.13016) and TBT: with t = (x - m) / alpha,
//   value = alpha * clamp(round(t), low, high) + m           d alpha = 1/sqrt(N high) * sum g * e
//   e = low where t < low, high where t > high, round(t) - t between; sign(x) for signed binary codes
#include <algorithm>
#include <cmath>
#include <vector>

#include "nn/quant/rules/rules.h"

namespace lowbit {
namespace {

/// alpha <= 0 is replaced in the forward pass; the gradient still reaches the parameter.
constexpr float kLeastAlpha = 1e-5f;

Tensor vector_of_one(float value) { return Tensor::from({1}, std::vector<float>{value}); }

class LearnedRule final : public ScaleRule {
 public:
  explicit LearnedRule(const LearnedConfig& config) : config_(config) {}

  ops::Encoding encode(const Tensor& x, CodeBook book, Granularity per, const ops::PassRule& pass) const override {
    LB_CHECK(per == Granularity::tensor, "quantizer", "a learned scale is one for the tensor");
    if (config_.sign && book == CodeBook::binary) return ops::encode_sign(x, per, scale(), {}, pass);
    if (config_.sign) return ops::encode_threshold(x, per, scale(), Tensor::zeros({1}), pass);
    return ops::encode_grid(x, book, per, scale(), offset(x), config_.low, config_.high, pass);
  }

  Parameter* parameter() override { return &alpha_; }

  Tensor parameter_grad(const Tensor& x, const Tensor& dq) const override {
    const double scale_of_grad = 1 / std::sqrt(static_cast<double>(x.numel()) * config_.high);
    double sum;
    if (config_.sign) {
      sum = ops::sign_sum(x, dq, Granularity::tensor).item();
    } else {
      const ops::GridSums sums = ops::grid_sums(x, dq, Granularity::tensor, scale(), offset(x),
                                                static_cast<float>(config_.low), static_cast<float>(config_.high));
      sum = sums.residual.item() + config_.low * sums.below.item() + config_.high * sums.above.item();
    }
    return vector_of_one(static_cast<float>(sum * scale_of_grad));
  }

  void calibrate(const Tensor& x) override {
    const float mean_abs = static_cast<float>(ops::group_stats(x, Granularity::tensor).mean_abs.item());
    if (!std::isfinite(mean_abs) || mean_abs == 0)
      return;  // an overflow, or a dead layer: the next batch may tell more
    alpha_.value.mutable_value().mutable_data<float>()[0] =
        static_cast<float>(config_.init_factor * mean_abs / std::sqrt(config_.init_high));
    calibrated_ = true;
  }
  bool calibrated() const override { return calibrated_; }
  void set_calibrated(bool on) override { calibrated_ = on; }

 private:
  Tensor scale() const { return vector_of_one(std::max(alpha_.value.value().data<float>()[0], kLeastAlpha)); }

  Tensor offset(const Tensor& x) const {
    if (config_.shift_to_min) return ops::group_stats(x, Granularity::tensor).min;
    return config_.shift && *config_.shift != 0 ? vector_of_one(*config_.shift) : Tensor();
  }

  LearnedConfig config_;
  Parameter alpha_{"alpha", Variable(vector_of_one(1), true), ParameterKind::quantizer};
  bool calibrated_ = false;
};

}  // namespace

std::unique_ptr<ScaleRule> learned_rule(const LearnedConfig& config) { return std::make_unique<LearnedRule>(config); }

}  // namespace lowbit
