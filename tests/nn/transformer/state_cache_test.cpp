#include "nn/transformer/state_cache.h"

#include <gtest/gtest.h>

#include "core/ops/copy.h"

namespace lowbit {
namespace {

Tensor some_states(int64_t length, uint64_t seed) { return random_uniform(Shape{3, length, 5}, -1, 1, seed); }

/// What a slot with this line makes of every step alone, joined.
Tensor step_by_step(const std::vector<Tensor>& steps, const char* line) {
  QuantSlot slot;
  slot.assign(line);
  std::vector<Tensor> values;
  for (const Tensor& x : steps) values.push_back(slot.empty() ? x : dequantize(slot.encode(x, {}).q));
  return ops::concat(values, 1);
}

class StateCacheOf : public ::testing::TestWithParam<const char*> {};

TEST_P(StateCacheOf, KeepsWhatEveryStepWas) {
  QuantSlot slot;
  slot.assign(GetParam());
  StateCache cache;
  std::vector<Tensor> steps;
  for (const int64_t length : {2, 1, 1, 1, 7, 1}) {  // within the room and beyond it
    steps.push_back(some_states(length, 1 + steps.size()));
    if (steps.size() == 3) steps.back().mutable_data<float>()[0] = 100;  // of a dynamic scale of the whole step
    cache.append(steps.back(), slot);
    const Tensor values = ops::values_of(cache.states()), expected = step_by_step(steps, GetParam());
    ASSERT_EQ(values.shape(), expected.shape());
    EXPECT_EQ(values.to_vector<float>(), expected.to_vector<float>()) << steps.size();
  }
  const std::vector<int32_t> order = {2, 2, 0};
  const Tensor before = ops::values_of(cache.states());
  cache.reorder(order);
  EXPECT_EQ(ops::values_of(cache.states()).to_vector<float>(), ops::index_select(before, order).to_vector<float>());
}

INSTANTIATE_TEST_SUITE_P(Slots, StateCacheOf,
                         ::testing::Values("none", "absmax bits=8", "absmax bits=8 per=tensor", "minmax bits=8"));

}  // namespace
}  // namespace lowbit
