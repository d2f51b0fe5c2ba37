#include "core/kernels/cpu/special/qgemm_amx.h"

#include <gtest/gtest.h>

#include "core/kernels/table.h"
#include "tests/core/kernels/qgemm_problem.h"

namespace lowbit {
namespace {

/// AMX in plain C++, by the pseudocode of Intel's SDM (volume 2: LDTILECFG, TILELOADD, TILESTORED, TDPBSUD): what
/// raises an exception there is a failure here.
class EmulatedTiles {
 public:
  static void configure(const TileShapes& shapes) {
    require(reinterpret_cast<uintptr_t>(&shapes) % 64 == 0 && shapes.palette == 1 && shapes.start_row == 0, "palette");
    for (const uint8_t byte : shapes.reserved) require(byte == 0, "reserved bytes are zero");
    for (int t = 0; t < 16; ++t) {
      const bool none = shapes.rows[t] == 0 && shapes.row_bytes[t] == 0;
      require(none || (t < 8 && shapes.rows[t] > 0 && shapes.row_bytes[t] > 0), "all or nothing of a tile, of eight");
      require(shapes.rows[t] <= 16 && shapes.row_bytes[t] <= 64, "at most 16 rows of 64 bytes");
    }
    state() = {true, shapes, {}};
  }
  static void release() {
    require(state().configured, "release after configure");
    state() = {};
  }
  template <int t>
  static void zero() {
    at(t) = {};
  }
  template <int t>
  static void load(const void* rows, int64_t stride) {
    Tile& tile = at(t) = {};  // rows and bytes beyond the shape become zero
    for (int r = 0; r < shapes().rows[t]; ++r)
      std::memcpy(tile.bytes[r], static_cast<const uint8_t*>(rows) + r * stride, shapes().row_bytes[t]);
  }
  template <int t>
  static void load_far(const void* rows, int64_t stride) {
    load<t>(rows, stride);
  }
  template <int t>
  static void store(void* rows, int64_t stride) {
    for (int r = 0; r < shapes().rows[t]; ++r)
      std::memcpy(static_cast<uint8_t*>(rows) + r * stride, at(t).bytes[r], shapes().row_bytes[t]);
  }
  template <int sums, int x, int w>
  static void multiply() {
    static_assert(sums != x && sums != w && x != w);
    const TileShapes& s = shapes();
    require(s.rows[sums] == s.rows[x] && s.row_bytes[sums] == s.row_bytes[w] && s.row_bytes[x] / 4 == s.rows[w] &&
                s.row_bytes[x] % 4 == 0 && s.row_bytes[w] % 4 == 0,
            "shapes of a product fit");
    for (int m = 0; m < s.rows[sums]; ++m)
      for (int k = 0; k < s.rows[w]; ++k) {
        int32_t row[16];
        std::memcpy(row, at(sums).bytes[m], sizeof row);
        const uint8_t *left = at(x).bytes[m] + 4 * k, *right = at(w).bytes[k];
        for (int n = 0; n < s.row_bytes[w] / 4; ++n)
          for (int i = 0; i < 4; ++i) row[n] += static_cast<int8_t>(left[i]) * right[4 * n + i];
        std::memcpy(at(sums).bytes[m], row, sizeof row);
      }
  }

 private:
  struct Tile {
    uint8_t bytes[16][64] = {};
  };
  struct State {
    bool configured = false;
    TileShapes shapes;
    Tile tiles[8];
  };
  static State& state() {
    static thread_local State of_thread;
    return of_thread;
  }
  static const TileShapes& shapes() { return state().shapes; }
  static Tile& at(int t) {
    require(state().configured, "configure before use");
    return state().tiles[t];
  }
  static void require(bool holds, const char* what) {
    if (!holds) ADD_FAILURE() << "AMX requires: " << what;
  }
};

QGemmKernels generic_kernels() { return resolve(qgemm_impls(), DeviceType::cpu, Target::cpu_generic); }

/// The kernel on emulated tiles at every shape, and the one for AMX, which leaves some shapes to AVX-512.
class QGemmAmx : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (GetParam() == std::string("emulated"))
      kernels_.gemm = [](Stream&, const QGemmArgs& a) { tiled_gemm<EmulatedTiles>(a); };
    else if (runs_here(Target::cpu_amx))
      kernels_ = resolve(qgemm_impls(), DeviceType::cpu, Target::cpu_amx);
    else
      GTEST_SKIP() << "not run: amx";
  }
  void expect_exact(const Problem& p, size_t skew) const {
    ASSERT_TRUE(same_bits(run(kernels_, p, skew), run(generic_, p, 0)))
        << p.m << "x" << p.n << "x" << p.k << " " << to_string(p.x_book) << " x " << to_string(p.book) << " skew "
        << skew;
  }
  QGemmKernels generic_ = generic_kernels(), kernels_ = generic_;
};

constexpr int64_t kRagged[] = {1, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 1023};

TEST_P(QGemmAmx, EveryPairOfBooksAtRaggedShapes) {
  constexpr int64_t kHeights[] = {0, 1, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127};
  uint64_t seed = 0;
  for (const CodeBook book : kBooks)
    for (const CodeBook x_book : kInputBooks)
      for (const int64_t n : kRagged)
        for (const int64_t k : kRagged) {
          const int64_t m = kHeights[++seed % 13];
          if (m * n * k < 5'000'000) expect_exact(problem(m, n, k, book, x_book, seed), seed % 4);
        }
}

TEST_P(QGemmAmx, EveryHeightAtRaggedWidths) {
  uint64_t seed = 0;
  for (const CodeBook book : kBooks)
    for (int64_t m = 1; m <= 70; ++m) {
      ++seed;
      expect_exact(problem(m, 1 + 37 * m % 131, 1 + 53 * m % 331, book, CodeBook::int8, seed), seed % 4);
    }
}

/// Spans of columns, tasks of rows and of panels, and a task's weights that are more than its cache.
TEST_P(QGemmAmx, LargerThanABlockingParameter) {
  constexpr int64_t kShapes[][3] = {{5, 1023, 1023}, {33, 1023, 1023}, {40, 18, 4500},        {17, 18, 4500},
                                    {545, 33, 65},   {70, 790, 90},    {33, 33, kMaxColumns}, {3, 70, kMaxColumns},
                                    {20, 17, 0},     {40, 17, 0},      {33, 0, 16},           {40, 18, 1088},
                                    {40, 18, 2048}};
  uint64_t seed = 0;
  for (const auto& s : kShapes)
    for (const CodeBook book : kBooks) {
      ++seed;
      expect_exact(problem(s[0], s[1], s[2], book, CodeBook::uint8, seed), seed % 4);
    }
}

TEST_P(QGemmAmx, LargestSums) {
  for (const CodeBook book : kBooks)
    for (uint64_t ends = 0; ends < 4; ++ends)
      for (const int64_t m : {3, 33}) expect_exact(problem(m, 2, kMaxColumns, book, CodeBook::int8, ends, true), 0);
}

INSTANTIATE_TEST_SUITE_P(, QGemmAmx, ::testing::Values("emulated", "amx"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST(QGemmAmxTiles, AreForMoreRowsThanTheAvx512KernelsDoWell) {
  const auto least_rows = [](CodeBook book, CodeBook x_book) {
    QGemmArgs a{};
    a.layout = layout_of(book), a.x_codes = input_codes_of(x_book);
    while (!tiles_pay(a)) ++a.m;
    return a.m;
  };
  EXPECT_EQ(least_rows(CodeBook::binary, CodeBook::binary), 9);
  EXPECT_EQ(least_rows(CodeBook::binary, CodeBook::bit), 9);
  EXPECT_EQ(least_rows(CodeBook::binary, CodeBook::ternary), 5);
  EXPECT_EQ(least_rows(CodeBook::ternary, CodeBook::binary), 5);
  EXPECT_EQ(least_rows(CodeBook::binary, CodeBook::int8), 3);
  EXPECT_EQ(least_rows(CodeBook::int8, CodeBook::binary), 3);
}

}  // namespace
}  // namespace lowbit
