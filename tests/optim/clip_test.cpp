#include "optim/clip.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <limits>

#include "tests/support/expect_error.h"
#include "tests/support/toy_module.h"

namespace lowbit {
namespace {

using test::ToyModule;

TEST(Clip, GlobalNormIsThatOfAllElements) {
  ToyModule toy;
  toy.set_grads(3);
  long double squares = 0;
  for (Parameter* parameter : {&toy.weight, &toy.bias, &toy.alpha})
    for (const float g : parameter->value.grad().to_vector<float>()) squares += static_cast<long double>(g) * g;
  const auto groups = group_parameters(toy, {});
  EXPECT_NEAR(global_norm(groups).norm, std::sqrt(static_cast<double>(squares)), 1e-13);
  EXPECT_DOUBLE_EQ(global_norm(groups, 0.125).norm, global_norm(groups).norm / 8);
  toy.bias.value.clear_grad();
  EXPECT_LT(global_norm(groups).norm, std::sqrt(static_cast<double>(squares)));
}

TEST(Clip, SameBitsForAnyNumberOfThreadsAndNoOverflow) {
  const Variable value(Tensor::zeros({300001}), true);
  value.backward(random_normal({300001}, 0, 1e37, 5));
  const std::vector<ParamGroup> groups = {{{{"w", value}}}};
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  const double expected = global_norm(groups).norm;
  EXPECT_NEAR(expected / (1e37 * std::sqrt(300001.0)), 1, 0.01);
  for (const int threads : {2, 3}) {
    omp_set_num_threads(threads);
    EXPECT_EQ(global_norm(groups).norm, expected) << threads << " threads";
  }
  omp_set_num_threads(before);
}

TEST(Clip, NamesTheFirstParameterThatIsNotFinite) {
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    ToyModule toy;
    toy.set_grads(1);
    const auto groups = group_parameters(toy, {});
    EXPECT_EQ(global_norm(groups).culprit, "");
    EXPECT_EQ(global_norm(groups).non_finite, 0);
    toy.alpha.value.mutable_grad().mutable_data<float>()[0] = bad;
    for (const int i : {1, 2}) toy.bias.value.mutable_grad().mutable_data<float>()[i] = bad;
    const GradNorm result = global_norm(groups);
    EXPECT_EQ(result.culprit, "bias");
    EXPECT_EQ(result.non_finite, 3);
    EXPECT_FALSE(std::isfinite(result.norm));
    test::expect_error(ErrorKind::internal, {"skipped"}, [&] { clip_factor(result.norm, 1); });
  }
}

TEST(Clip, Factor) {
  EXPECT_DOUBLE_EQ(clip_factor(4, 1), 1 / 4.000001);
  EXPECT_EQ(clip_factor(0.5, 1), 1);
  EXPECT_EQ(clip_factor(0, 1), 1);
  EXPECT_EQ(clip_factor(1e300, 0), 1) << "0 switches clipping off";
}

}  // namespace
}  // namespace lowbit
