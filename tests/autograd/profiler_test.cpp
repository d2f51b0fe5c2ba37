#include "autograd/profiler.h"

#include <gtest/gtest.h>

#include "autograd/functions/matmul.h"
#include "core/random.h"

namespace lowbit {
namespace {

const ProfileEvent* find(const Profiler& profiler, std::string_view op, std::string_view phase) {
  for (const ProfileEvent& event : profiler.events())
    if (event.op == op && event.phase == phase) return &event;
  return nullptr;
}

TEST(Profiler, ChargesEveryMomentToASite) {
  const Variable x(random_normal({6, 5}, 0, 1, 1), true), w(random_normal({4, 5}, 0, 1, 2), true);
  const Profiler profiler;
  const Variable y = in_scope("layer", [&] { return linear(x, w, {}); });
  y.backward(Tensor::zeros({6, 4}));
  Profiler::mark("optimizer");
  const ProfileEvent* forward = find(profiler, "linear", "forward");
  const ProfileEvent* backward = find(profiler, "linear", "backward");
  ASSERT_TRUE(forward && backward && find(profiler, "optimizer", "optimizer"));
  EXPECT_EQ(*forward->path, "layer");
  EXPECT_EQ(forward->operations.f32, 2 * 6 * 4 * 5);
  EXPECT_EQ(backward->operations.f32, 2 * 2 * 6 * 4 * 5) << "the gradients of x and of w";
  double end = 0;
  for (const ProfileEvent& event : profiler.events()) {
    EXPECT_DOUBLE_EQ(event.start, end) << "no moment is left out";
    end = event.start + event.seconds;
  }
}

TEST(Profiler, CostsNothingAndKeepsNothingWithoutOne) {
  const Variable x(random_normal({2, 3}, 0, 1, 1), true);
  linear(x, x, {});
  const Profiler profiler;
  EXPECT_TRUE(profiler.events().empty());
}

}  // namespace
}  // namespace lowbit
