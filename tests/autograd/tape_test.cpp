#include "autograd/functions/elementwise.h"
#include "autograd/grad_mode.h"
#include "core/allocator.h"
#include "core/random.h"
#include "tests/support/gradcheck.h"

namespace lowbit {
namespace {

using testing::gradcheck;

Tensor f64(const Shape& shape, uint64_t seed) { return random_uniform(shape, -1, 1, seed, DType::f64); }

TEST(Tape, GradientsAccumulateOverReuse) {
  Variable x(Tensor::from<float>(Shape{1}, {3}), true);
  const Variable y = add(scale(x, 2), add(x, x));  // 4x
  y.backward();
  EXPECT_FLOAT_EQ(x.grad().data<float>()[0], 4);
  scale(x, 5).backward();
  EXPECT_FLOAT_EQ(x.grad().data<float>()[0], 9);
  x.clear_grad();
  EXPECT_FALSE(x.has_grad());
}

TEST(Tape, SharedGradientBuffersAreNotOverwritten) {
  Variable a(Tensor::from<float>(Shape{1}, {1}), true), b(Tensor::from<float>(Shape{1}, {1}), true);
  const Variable sum = add(a, b);  // both inputs receive the same dy tensor
  add(sum, scale(a, 10)).backward();
  EXPECT_FLOAT_EQ(a.grad().data<float>()[0], 11);
  EXPECT_FLOAT_EQ(b.grad().data<float>()[0], 1);
}

TEST(Tape, GradientsAddInPlaceOnlyWhereNobodyElseHoldsThem) {
  const Tensor one = Tensor::from<float>(Shape{1}, {1});
  Variable x(one, true);
  const auto add_twice = [&](bool hold) {
    bool in_place = false;
    Tensor held;
    const auto op = [&](float amount) {
      return record("op", one, {x}, [&, amount](const Tensor&, GradSink& dx) {
        Tensor* sum = dx.sum(0);
        in_place = sum;
        if (sum)
          sum->mutable_data<float>()[0] += amount;
        else
          dx.add(0, Tensor::from<float>(Shape{1}, {amount}));
      });
    };
    x.clear_grad();
    op(3).backward();
    EXPECT_FALSE(in_place) << "there was none yet";
    if (hold) held = x.grad();
    op(4).backward();
    EXPECT_EQ(in_place, !hold);
    EXPECT_EQ(x.grad().data<float>()[0], 7);
    if (hold) {
      EXPECT_EQ(held.data<float>()[0], 3);
    }
  };
  add_twice(false);
  add_twice(true);
}

TEST(Tape, RecordsNothingWithoutNeed) {
  Variable constant(Tensor::from<float>(Shape{1}, {1})), x(Tensor::from<float>(Shape{1}, {1}), true);
  EXPECT_FALSE(scale(constant, 2).requires_grad());
  GradMode off(false);
  EXPECT_FALSE(scale(x, 2).requires_grad());
}

TEST(Tape, RefusesASavedTensorThatChanged) {
  Variable x(Tensor::from<float>(Shape{2}, {1, 2}), true);
  const Variable y = unary(Unary::square, x);
  x.mutable_value().mutable_data<float>()[0] = 7;
  try {
    y.backward(Tensor::from<float>(Shape{2}, {1, 1}));
    FAIL() << "backward used a changed tensor";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("changed in place"), std::string::npos);
  }
}

TEST(Tape, LongChainsNeitherRecurseInBackwardNorInRelease) {
  Variable x(Tensor::from<float>(Shape{1}, {1}), true);
  Variable y = x, unused = x;
  for (int i = 0; i < 200000; ++i) y = scale(y, 1), unused = scale(unused, 1);
  y.backward();
  EXPECT_FLOAT_EQ(x.grad().data<float>()[0], 1);
}

TEST(Tape, KeepsNoValueThatNoOpSaved) {
  Variable x(Tensor::zeros(Shape{1 << 16}), true);
  const size_t before = allocator({}).bytes_in_use(), bytes = x.value().bytes();
  Variable y = scale(x, 2);
  y = scale(y, 3);
  EXPECT_EQ(allocator({}).bytes_in_use(), before + bytes);
  y = unary(Unary::square, y);  // which saves its input
  EXPECT_EQ(allocator({}).bytes_in_use(), before + 2 * bytes);
  y = unary(Unary::gelu, y);
  y = scale(y, 2);
  EXPECT_EQ(allocator({}).bytes_in_use(), before + 3 * bytes) << "the result of gelu was kept";
  y.backward(Tensor::zeros(y.shape()));
  EXPECT_EQ(x.grad().shape(), x.shape());
}

TEST(Tape, KeepsWhatAValueIsRestoredFrom) {
  const Tensor three = Tensor::from<float>(Shape{1}, {3});
  const Variable leaf(three, true);
  Variable y = scale(leaf, 2);
  const SavedValue as_it_is(y);
  int made = 0;
  y.restore_by([&] { return ++made, three; });
  const SavedValue restored(y);
  EXPECT_EQ(as_it_is.get().data<float>()[0], 6);
  EXPECT_EQ(made, 0);
  EXPECT_EQ(restored.get().data<float>()[0], 3);
  EXPECT_EQ(made, 1);
  Variable of_leaf = leaf;
  EXPECT_THROW(of_leaf.restore_by([&] { return three; }), Error) << "a leaf may be written";
}

TEST(Tape, SharesWhatIsDerivedFromAResultUntilItGoes) {
  const Variable leaf(Tensor::from<float>(Shape{1}, {3}), true);
  Variable y = scale(leaf, 2);
  const auto number = [](const Variable& x, const char* key, int value) {
    return x.derived<int>(key, [=] { return value; });
  };
  std::shared_ptr<const int> first = number(y, "a", 1);
  EXPECT_EQ(*number(y, "b", 2), 2);
  EXPECT_EQ(number(y, "a", 3), first);
  EXPECT_EQ(*number(scale(leaf, 2), "a", 4), 4);
  EXPECT_EQ(*number(leaf, "a", 5), 5);
  EXPECT_EQ(*number(leaf, "a", 6), 6) << "a leaf may be written";
  const std::weak_ptr<const int> watched = std::exchange(first, nullptr);
  EXPECT_FALSE(watched.expired());
  y = {};
  EXPECT_TRUE(watched.expired());
}

TEST(Tape, AGraphRunsOnce) {
  Variable x(Tensor::from<float>(Shape{1}, {1}), true);
  const Variable y = scale(x, 2);
  y.backward();
  EXPECT_THROW(y.backward(), Error);
}

TEST(Tape, SitesNameModuleOpAndLine) {
  Variable x(Tensor::from<float>(Shape{1}, {1}), true);
  SiteScope encoder("encoder");
  SiteScope layer("layers.0");
  const Variable y = scale(x, 2);
  EXPECT_EQ(y.site().str().find("encoder.layers.0/scale (autograd/tape_test.cpp:"), 0u) << y.site().str();
  EXPECT_NE(dump_graph(y).find("encoder.layers.0/scale"), std::string::npos);
}

TEST(Tape, GradOfAnUnreachedLeafNamesIt) {
  Variable x(Tensor::from<float>(Shape{1}, {1}), true);
  EXPECT_THROW(x.grad(), Error);
}

TEST(Gradcheck, CatchesAGradientWrongByOnePartIn100000) {
  const auto wrong = [](const std::vector<Variable>& v) {
    const Tensor x = v[0].value();
    return record("wrong", unary(Unary::square, v[0].detach()).value(), {v[0]}, [x](const Tensor& dy, GradSink& dx) {
      Tensor g = Tensor::empty(x.shape(), DType::f64);
      for (int64_t i = 0; i < x.numel(); ++i)
        g.mutable_data<double>()[i] = 2.00002 * x.data<double>()[i] * dy.data<double>()[i];
      dx.add(0, g);
    });
  };
  EXPECT_FALSE(gradcheck(wrong, {f64({3}, 1)}));
  EXPECT_TRUE(gradcheck([](const auto& v) { return unary(Unary::square, v[0]); }, {f64({3}, 1)}));
}

}  // namespace
}  // namespace lowbit
