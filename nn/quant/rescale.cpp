#include "nn/quant/rescale.h"

#include <algorithm>
#include <cmath>

namespace lowbit {
namespace {

constexpr float kHalfRange = 128, kEps = 1e-5f, kLimit = kHalfRange - kEps;

/// A group is `outer` blocks of `block` consecutive elements, `stride` elements apart, the first at `begin`.
struct Groups {
  int64_t count, first_stride;  // groups, and the distance of their beginnings
  int64_t outer, block, stride;
  int64_t begin(int64_t group) const { return group * first_stride; }
};

template <class Fn>
void each_element(const Groups& groups, int64_t group, const Fn& fn) {
  for (int64_t o = 0; o < groups.outer; ++o) {
    const int64_t first = groups.begin(group) + o * groups.stride;
    for (int64_t i = first; i < first + groups.block; ++i) fn(i);
  }
}

Variable rescale(const Variable& y, const Groups& groups, SourceLine at) {
  Tensor q = Tensor::zeros(y.shape());
  Tensor gammas = Tensor::empty({groups.count});
  const float* in = y.value().data<float>();
  float* out = q.mutable_data<float>();
  for (int64_t g = 0; g < groups.count; ++g) {
    float gamma = 0;
    each_element(groups, g, [&](int64_t i) { gamma = std::isnan(in[i]) ? in[i] : std::max(gamma, std::abs(in[i])); });
    const float factor = kHalfRange / (gamma + kEps);
    each_element(groups, g, [&](int64_t i) { out[i] = std::clamp(in[i] * factor, -kLimit, kLimit); });
    gammas.mutable_data<float>()[g] = gamma;
  }
  return record(
      "rescale", q, {y},
      [y = Saved(y.value()), gammas = Saved(gammas), groups](const Tensor& dq_tensor, GradSink& sink) {
        Tensor dy_tensor = Tensor::zeros(dq_tensor.shape());
        const float *x = y.get().data<float>(), *dq = dq_tensor.data<float>();
        float* dy = dy_tensor.mutable_data<float>();
        for (int64_t g = 0; g < groups.count; ++g) {
          const float gamma = gammas.get().data<float>()[g], factor = kHalfRange / (gamma + kEps);
          double radial = 0;
          int64_t ties = 0;
          each_element(groups, g, [&](int64_t i) {
            const bool inside = std::abs(x[i] * factor) <= kLimit;
            dy[i] = inside ? factor * dq[i] : 0.0f;
            radial += inside ? static_cast<double>(dq[i]) * x[i] : 0.0;
            ties += std::abs(x[i]) == gamma ? 1 : 0;
          });
          if (gamma == 0) continue;
          const double at_maximum = radial * factor / (static_cast<double>(gamma) + kEps) / static_cast<double>(ties);
          each_element(groups, g, [&](int64_t i) {
            if (std::abs(x[i]) == gamma) dy[i] -= static_cast<float>(x[i] > 0 ? at_maximum : -at_maximum);
          });
        }
        sink.add(0, dy_tensor);
      },
      at);
}

}  // namespace

Variable rescale_by_time(const Variable& y, int64_t groups, SourceLine at) {
  const int rank = y.shape().rank();
  LB_CHECK(rank >= 2 && groups > 0, "rescale", "needs [..., time, channels] and a group, got {} and {} groups",
           y.shape().str(), groups);
  const int64_t time = y.shape()[-2], channels = y.shape().last(), steps = time / groups;
  const int64_t sentence = time * channels, block = steps * channels;
  return rescale(y, {groups, block, y.value().numel() / std::max<int64_t>(sentence, 1), block, sentence}, at);
}

Variable rescale_by_token(const Variable& y, SourceLine at) {
  return rescale(y, {y.shape().rows(), y.shape().last(), 1, y.shape().last(), 0}, at);
}

}  // namespace lowbit
