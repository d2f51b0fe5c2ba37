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

/// The largest magnitude of a group; NaN when an element is.
float largest_of(const float* x, const Groups& groups, int64_t group) {
  float largest = 0;
  each_element(groups, group,
               [&](int64_t i) { largest = std::isnan(x[i]) ? x[i] : std::max(largest, std::abs(x[i])); });
  return largest;
}

Variable rescale(const Variable& y, const Groups& groups, SourceLine at) {
  Tensor q = Tensor::zeros(y.shape());
  Tensor gammas = Tensor::empty({groups.count});
  const float* in = y.value().data<float>();
  float* out = q.mutable_data<float>();
  for (int64_t g = 0; g < groups.count; ++g) {
    const float gamma = largest_of(in, groups, g);
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

float rounded(float x, DType storage) {
  if (storage == DType::f16) return to_float(to_f16(x));
  return storage == DType::bf16 ? to_float(to_bf16(x)) : x;
}

Groups groups_of_time(const Variable& y, int64_t groups) {
  const int rank = y.shape().rank();
  LB_CHECK(rank >= 2 && groups > 0, "rescale", "needs [..., time, channels] and a group, got {} and {} groups",
           y.shape().str(), groups);
  const int64_t time = y.shape()[-2], channels = y.shape().last(), steps = time / groups;
  const int64_t sentence = time * channels, block = steps * channels;
  return {groups, block, y.value().numel() / std::max<int64_t>(sentence, 1), block, sentence};
}

}  // namespace

Variable rescale_by_time(const Variable& y, int64_t groups, SourceLine at) {
  return rescale(y, groups_of_time(y, groups), at);
}

Variable rescale_as_published(const Variable& y, int64_t time_groups, SourceLine at) {
  const Groups groups = groups_of_time(y, time_groups);
  const DType storage = y.dtype();
  const auto store = [storage](float x) { return rounded(x, storage); };
  const Tensor wide = y.value().to(DType::f32);
  const float* in = wide.data<float>();
  Tensor product = Tensor::zeros(y.shape()), quotient = Tensor::zeros(y.shape()), result = Tensor::zeros(y.shape());
  Tensor gammas = Tensor::empty({groups.count});
  float *p = product.mutable_data<float>(), *q = quotient.mutable_data<float>(), *out = result.mutable_data<float>();
  for (int64_t g = 0; g < groups.count; ++g) {
    const float gamma = largest_of(in, groups, g);
    gammas.mutable_data<float>()[g] = gamma;
    const float divisor = store(gamma + kEps);
    each_element(groups, g, [&](int64_t i) {
      p[i] = store(in[i] * kHalfRange);
      q[i] = store(p[i] / divisor);
      out[i] = store(std::clamp(q[i], -kLimit, kLimit));
    });
  }
  return record(
      "rescale_as_published", result.to(storage), {y},
      [wide = Saved(wide), p = Saved(product), q = Saved(quotient), gammas = Saved(gammas), groups, store](
          const Tensor& dq_stored, GradSink& sink) {
        const Tensor dq = dq_stored.to(DType::f32);
        Tensor dy = Tensor::zeros(dq.shape());
        const float *x = wide.get().data<float>(), *above = p.get().data<float>(), *ratio = q.get().data<float>();
        float* d = dy.mutable_data<float>();
        for (int64_t g = 0; g < groups.count; ++g) {
          const float gamma = gammas.get().data<float>()[g], divisor = store(gamma + kEps);
          float of_divisor = 0;
          int64_t ties = 0;
          each_element(groups, g, [&](int64_t i) {
            const float passed = std::abs(ratio[i]) <= kLimit ? dq.data<float>()[i] : 0.0f;
            of_divisor += store(-passed * store(store(above[i] / divisor) / divisor));
            d[i] = store(store(passed / divisor) * kHalfRange);
            ties += std::abs(x[i]) == gamma ? 1 : 0;
          });
          each_element(groups, g, [&](int64_t i) {
            if (std::abs(x[i]) == gamma)
              d[i] += (x[i] < 0 ? -1.0f : 1.0f) * store(of_divisor / static_cast<float>(ties));
          });
        }
        sink.add(0, dy);
      },
      at);
}

Variable rescale_by_token(const Variable& y, SourceLine at) {
  return rescale(y, {y.shape().rows(), y.shape().last(), 1, y.shape().last(), 0}, at);
}

}  // namespace lowbit
