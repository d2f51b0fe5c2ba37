#include "nn/quant/slot.h"

#include <gtest/gtest.h>

#include "autograd/functions/attention.h"
#include "autograd/functions/elementwise.h"
#include "autograd/grad_mode.h"
#include "core/allocator.h"
#include "core/ops/elementwise.h"
#include "core/random.h"

namespace lowbit {
namespace {

TEST(QuantSlot, SharesTheCodesOfAResultWithSlotsThatWouldMakeTheSame) {
  const Variable leaf(random_normal({11, 37}, 0, 1, 5), true), x = scale(leaf, 2);
  const auto codes = [&](const char* spec, const Variable& of) {
    QuantSlot slot;
    slot.assign(spec);
    return slot.encode_shared(of, {.training = true});
  };
  const auto first = codes("absmax bits=8", x);
  EXPECT_EQ(codes("absmax bits=8", x), first);
  EXPECT_NE(codes("absmax bits=4", x), first);
  EXPECT_NE(codes("lsq bits=8", x), codes("lsq bits=8", x)) << "scales of their own";
  EXPECT_NE(codes("absmax bits=8", leaf), codes("absmax bits=8", leaf)) << "a leaf may be written";
  const auto masked = codes("absmax bits=8 clip=0.5", x);
  EXPECT_TRUE(masked->encoded().pass.defined());
  const GradMode off(false);
  EXPECT_NE(codes("absmax bits=8 clip=0.5", x), masked) << "no mask is asked for";
}

TEST(QuantSlot, AStateIsKeptAsCodes) {
  const Tensor ones = Tensor::from(Shape{2, 2, 8, 8}, std::vector<float>(256, 1));
  const Variable leaf(random_normal({2, 8, 32}, 0, 1, 5), true);
  QuantSlot slot;
  slot.assign("absmax bits=8");
  const size_t before = allocator({}).bytes_in_use();
  const auto product = [&](const Variable& x) { return attention_context(Variable(ones), scale(x, 2)); };
  const auto through_slot = [&](const Variable& x) { return attention_context(Variable(ones), slot(scale(x, 2), {})); };
  size_t kept[2];
  Variable y = product(leaf);
  kept[0] = allocator({}).bytes_in_use() - before;
  y = {};
  y = through_slot(leaf);
  kept[1] = allocator({}).bytes_in_use() - before;
  EXPECT_LT(kept[1], kept[0] - 2 * 8 * 32 * 2) << "a byte for four";
  const Variable again(leaf.value(), true);
  y.backward(random_normal({2, 8, 32}, 0, 1, 6));
  const Variable values(dequantize(slot.get()->encode(scale(again, 2).value()).q), true);
  attention_context(Variable(ones), values).backward(random_normal({2, 8, 32}, 0, 1, 6));
  EXPECT_EQ(leaf.grad().to_vector<float>(), ops::scale(values.grad(), 2).to_vector<float>());
}

}  // namespace
}  // namespace lowbit
