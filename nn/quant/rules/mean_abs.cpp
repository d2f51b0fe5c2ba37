// mean|x| as the scale: BWN, Rastegari et al. 2016 (arXiv:1603.05279); TBT, Liu et al. 2023 (arXiv:2306.01841),
// with factor 4/3 for ternary weights; BitNet, Wang et al. 2023 (arXiv:2310.11453) and Ma et al. 2024
// (arXiv:2402.17764).
#include <algorithm>

#include "nn/quant/rules/rules.h"

namespace lowbit {
namespace {

class MeanAbsRule final : public ScaleRule {
 public:
  explicit MeanAbsRule(const MeanAbsConfig& config) : config_(config) {}

  ops::Encoding encode(const Tensor& x, CodeBook book, Granularity per, const ops::PassRule& pass) const override {
    const int64_t groups = per == Granularity::row ? x.shape().rows() : 1;
    Tensor shift;
    if (config_.remove_mean != MeanRemoval::none) shift = repeated_mean(x, groups);
    const Tensor scale =
        scale_of(ops::mean_abs(x, per, config_.remove_mean == MeanRemoval::codes_and_scale ? shift : Tensor()));
    if (book == CodeBook::binary) return ops::encode_sign(x, per, scale, shift, pass);
    if (config_.zero_sign) return ops::encode_threshold(x, per, scale, Tensor::zeros({groups}), pass);
    ops::Encoding encoding = ops::encode_grid(x, book, per, scale, shift, -1, 1, pass);
    encoding.q.offset = {};  // the mean is removed from the codes and not put back
    return encoding;
  }

 private:
  Tensor scale_of(const Tensor& mean_abs) const {
    Tensor scale = Tensor::empty(mean_abs.shape());
    const float* in = mean_abs.data<float>();
    float* out = scale.mutable_data<float>();
    for (int64_t g = 0; g < scale.numel(); ++g) {
      const float value = static_cast<float>(config_.factor) * in[g];
      out[g] = value > 0 ? std::max(value, config_.floor) : value;  // 0 and NaN as they are
    }
    return scale;
  }

  /// The mean of the whole tensor, once for each group.
  static Tensor repeated_mean(const Tensor& x, int64_t groups) {
    const float mean = *ops::group_stats(x, Granularity::tensor).mean.data<float>();
    return Tensor::from({groups}, std::vector<float>(static_cast<size_t>(groups), mean));
  }

  MeanAbsConfig config_;
};

}  // namespace

std::unique_ptr<ScaleRule> mean_abs_rule(const MeanAbsConfig& config) { return std::make_unique<MeanAbsRule>(config); }

}  // namespace lowbit
