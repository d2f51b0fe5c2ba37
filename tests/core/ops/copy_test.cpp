#include "core/ops/copy.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"

namespace lowbit {
namespace {

TEST(Narrow, IsAPartAndIsWrittenBack) {
  const Tensor x = random_uniform(Shape{3, 6, 5}, -1, 1, 9), part = ops::narrow(x, 1, 2, 5);
  ASSERT_EQ(part.shape(), (Shape{3, 3, 5}));
  EXPECT_EQ(ops::concat({ops::narrow(x, 1, 0, 2), part, ops::narrow(x, 1, 5, 6)}, 1).to_vector<float>(),
            x.to_vector<float>());
  Tensor y = Tensor::zeros(x.shape());
  ops::write_narrow(y, 1, 2, part);
  EXPECT_EQ(ops::narrow(y, 1, 2, 5).to_vector<float>(), part.to_vector<float>());
  for (const float zero : ops::narrow(y, 1, 0, 2).to_vector<float>()) EXPECT_EQ(zero, 0);
  EXPECT_THROW(ops::narrow(x, 1, 4, 7), Error);
  EXPECT_THROW(ops::write_narrow(y, 1, 4, part), Error);
}

}  // namespace
}  // namespace lowbit
