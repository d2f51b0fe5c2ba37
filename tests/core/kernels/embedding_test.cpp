#include "core/kernels/embedding.h"

#include "core/error.h"
#include "core/ops/embedding.h"
#include "tests/support/parity.h"

namespace lowbit {
namespace {

using testing::cpu;
using testing::kRaggedSizes;
using testing::random_floats;

/// n ids below `entries` with many repeats.
std::vector<int32_t> repeated_ids(int64_t n, int32_t entries) {
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < n; ++i) ids.push_back(static_cast<int32_t>((i * i + 3) % entries));
  return ids;
}

TEST(EmbeddingKernels, TargetsAgreeBitForBit) {
  testing::for_each_target(
      embedding_impls(), [](const std::string& name, const EmbeddingKernels& generic, const EmbeddingKernels& fast) {
        const int64_t n = 200, entries = 23;
        const std::vector<int32_t> ids = repeated_ids(n, entries);
        for (const int64_t width : kRaggedSizes) {
          const std::vector<float> table = random_floats(entries * width, 1), dy = random_floats(n * width, 2);
          const auto run = [&](const EmbeddingKernels& kernels) {
            std::vector<float> y(dy.size()), dtable(table.size()), sum = table;
            std::vector<int32_t> work(static_cast<size_t>(entries + n));
            kernels.forward(cpu(), {table.data(), ids.data(), y.data(), n, width, 1.5, DType::f32});
            for (const bool accumulate : {false, true})
              kernels.backward(cpu(), {dy.data(), ids.data(), accumulate ? sum.data() : dtable.data(), work.data(), n,
                                       entries, width, 3, 1.5, accumulate, DType::f32});
            for (size_t i = 0; i < sum.size(); ++i) EXPECT_EQ(sum[i], table[i] + dtable[i]) << name << ' ' << width;
            y.insert(y.end(), dtable.begin(), dtable.end());
            return y;
          };
          EXPECT_EQ(run(generic), run(fast)) << name << ' ' << width;
        }
      });
}

TEST(Embedding, TheGradientIsTheSumOverPositionsWithoutThePaddingRow) {
  const int64_t n = 50, entries = 7, width = 300;
  const std::vector<int32_t> ids = repeated_ids(n, entries);
  const Tensor dy = random_uniform(Shape{5, 10, width}, -1, 1, 1);
  const Tensor grad = ops::embedding_backward(dy, Tensor::from(Shape{5, 10}, ids), entries, 2, 3);
  std::vector<double> expected(static_cast<size_t>(entries * width));
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < width; ++j) {
      const int32_t id = ids[static_cast<size_t>(i)];
      if (id != 3) expected[static_cast<size_t>(id * width + j)] += 2.0 * dy.data<float>()[i * width + j];
    }
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(grad.data<float>()[i], expected[i], 1e-5) << "row " << i / width;
}

TEST(Embedding, AnIdOutsideTheTableNamesItsPosition) {
  try {
    ops::embedding(Tensor::zeros(Shape{4, 2}), Tensor::from<int32_t>(Shape{3}, {0, 3, 4}), 1);
    FAIL() << "accepted id 4 of 4";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_NE(std::string(error.what()).find("id 4 at position 2"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace lowbit
