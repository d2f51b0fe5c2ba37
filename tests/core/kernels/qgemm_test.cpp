#include "core/kernels/qgemm.h"

#include <gtest/gtest.h>

#include "core/kernels/table.h"
#include "tests/core/kernels/qgemm_problem.h"

namespace lowbit {
namespace {

class QGemmTargets : public ::testing::TestWithParam<Target> {
 protected:
  void SetUp() override {
    if (!runs_here(GetParam())) GTEST_SKIP() << "not run: " << to_string(GetParam());
    kernels_ = resolve(qgemm_impls(), DeviceType::cpu, GetParam());
  }
  void expect_exact(const Problem& p, size_t skew) const {
    EXPECT_TRUE(same_bits(run(kernels_, p, skew), reference(p)))
        << p.m << "x" << p.n << "x" << p.k << " " << to_string(p.x_book) << " x " << to_string(p.book) << " skew "
        << skew;
  }
  QGemmKernels kernels_;
};

TEST_P(QGemmTargets, RaggedShapes) {
  const int64_t shapes[][3] = {{0, 16, 16},   {1, 18, 4500}, {1, 33, 516},   {16, 0, 16},     {3, 5, 0},
                               {1, 1, 1},     {1, 3, 15},    {3, 16, 17},    {5, 17, 16},     {6, 15, 63},
                               {7, 63, 64},   {15, 64, 65},  {16, 65, 127},  {17, 33, 256},   {48, 16, 31},
                               {49, 127, 33}, {64, 1, 1023}, {127, 17, 128}, {2, 1023, 63},   {1, 300, 1023},
                               {65, 63, 5},   {4, 16, 2100}, {13, 290, 515}, {1023, 15, 127}, {50, 270, 1025}};
  uint64_t seed = 0;
  for (const auto& s : shapes)
    for (const CodeBook book : kBooks) {
      ++seed;
      expect_exact(problem(s[0], s[1], s[2], book, seed % 2 ? CodeBook::int8 : CodeBook::uint8, seed), seed % 4);
    }
}

/// Against the generic target, for every pair of books and every height and width of a tile.
TEST_P(QGemmTargets, EveryPairOfBooks) {
  QGemmKernels generic;
  qgemm_impls()[0].fill(generic);
  const int64_t sizes[] = {1, 3, 15, 16, 17, 63, 64, 65, 127, 1023};
  const int64_t rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 16};
  uint64_t seed = 0;
  for (const CodeBook book : kBooks)
    for (const CodeBook x_book : kInputBooks)
      for (const int64_t n : sizes)
        for (const int64_t k : sizes) {
          if (n * k > 200000) continue;
          ++seed;
          const Problem p = problem(rows[seed % 10], n, k, book, x_book, seed);
          ASSERT_TRUE(same_bits(run(kernels_, p, seed % 4), run(generic, p, 0)))
              << p.m << "x" << n << "x" << k << " " << to_string(x_book) << " x " << to_string(book);
        }
}

/// Every height of a tile with each kind of kernel, several blocks of panels and of columns.
TEST_P(QGemmTargets, EveryHeight) {
  uint64_t seed = 0;
  for (const CodeBook book : kBooks)
    for (const CodeBook x_book : {CodeBook::binary, CodeBook::trit, CodeBook::int8})
      for (int64_t m = 1; m <= 17; ++m) {
        ++seed;
        expect_exact(problem(m, 117, 330, book, x_book, seed), seed % 4);
      }
}

TEST_P(QGemmTargets, EveryPairOfCodes) {
  for (const CodeBook book : kBooks) {
    const CodeRange range = range_of(book);
    Problem p{256, range.high - range.low + 1, 1, book, CodeBook::uint8, true, true, true, true, true, true, 128, {},
              {}};
    for (int code = -128; code < 128; ++code) p.x.push_back(static_cast<int8_t>(code));
    for (int code = range.low; code <= range.high; ++code)
      p.w.push_back(static_cast<int8_t>(book == CodeBook::binary && code == 0 ? 1 : code));
    expect_exact(p, 1);
  }
}

/// Inputs whose codes are levels, as sums over their rows read them (pack_input): their fields are the levels. All at
/// the top, against gradients of one sign: the largest sums that short accumulators meet.
TEST_P(QGemmTargets, LevelsOfInputs) {
  for (const CodeBook book : {CodeBook::bit, CodeBook::trit, CodeBook::uint4, CodeBook::uint8})
    for (const int64_t out : {1, 2, 5, 21})
      for (const int64_t rows : {1, 63, 200, 960}) {
        const int64_t in = 37;
        const int top = range_of(book).high;
        const auto code = static_cast<int8_t>(top - zero_of(book));
        const PackedInput x =
            pack_input({book,
                        Granularity::tensor,
                        Tensor::from<int8_t>({rows, in}, std::vector<int8_t>(static_cast<size_t>(rows * in), code)),
                        Tensor::scalar(1),
                        {}});
        ASSERT_EQ(x.blocks.size(), 1u);
        for (const int8_t sign : {1, -1}) {
          const std::vector<int8_t> g(static_cast<size_t>(out * rows), static_cast<int8_t>(127 * sign));
          const std::vector<float> one(static_cast<size_t>(out), 1);
          std::vector<float> y(static_cast<size_t>(out * in));
          QGemmArgs a{};
          a.m = out, a.n = in, a.k = rows;
          a.x = g.data(), a.x_codes = input_codes_of(CodeBook::int8);
          a.x_scale = one.data(), a.x_stride = 1;
          a.panels = x.blocks[0].panels.data<uint8_t>(), a.layout = x.layout;
          a.w_scale = one.data(), a.sums = x.ones.data<int32_t>();
          a.y = y.data();
          kernels_.gemm(current_stream({}), a);
          for (const float value : y)
            ASSERT_EQ(value, static_cast<float>(sign * 127 * top * rows))
                << to_string(book) << " " << out << "x" << rows;
        }
      }
}

TEST_P(QGemmTargets, LargestSums) {
  for (const CodeBook book : kBooks)
    for (const CodeBook x_book : kInputBooks)
      for (uint64_t ends = 0; ends < 4; ++ends)
        for (const int64_t m : {1, 7}) expect_exact(problem(m, 18, 4500, book, x_book, ends, true), 0);
}

TEST_P(QGemmTargets, MostColumns) {
  for (const CodeBook book : kBooks)
    for (const CodeBook x_book : {CodeBook::binary, CodeBook::ternary, CodeBook::int8})
      for (const uint64_t ends : {0, 1})
        for (const int64_t m : {1, 3}) expect_exact(problem(m, 2, kMaxColumns, book, x_book, ends, true), 0);
}

INSTANTIATE_TEST_SUITE_P(, QGemmTargets,
                         ::testing::Values(Target::cpu_generic, Target::cpu_avx2, Target::cpu_avx512_vnni,
                                           Target::cpu_avx512_vbmi, Target::cpu_amx),
                         [](const auto& target) { return std::string(to_string(target.param)); });

TEST(QGemm, FallsBackToAnEarlierTarget) {
  const QGemmKernels table = resolve(qgemm_impls(), DeviceType::cpu, Target::cpu_generic);
  EXPECT_NE(table.gemm, nullptr);
  EXPECT_NE(table.pack_panels, nullptr);
}

}  // namespace
}  // namespace lowbit
