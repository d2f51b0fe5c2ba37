#include "core/kernels/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/random.h"

namespace lowbit {
namespace {

struct Result {
  std::vector<int8_t> codes;
  std::vector<uint8_t> bits;
  std::vector<float> floats;  // scales, offsets, statistics, sums, dequantized values
  std::vector<int64_t> counts;

  bool same_bits(const Result& b) const {
    return codes == b.codes && bits == b.bits && counts == b.counts && floats.size() == b.floats.size() &&
           std::memcmp(floats.data(), b.floats.data(), floats.size() * sizeof(float)) == 0;
  }
};

/// Everything the family computes on one input whose buffers start `skew` elements after an aligned address.
Result run(const QuantizeKernels& k, const Tensor& values, Groups groups, Encoder encoder, size_t skew) {
  Stream& stream = current_stream({});
  const size_t n = static_cast<size_t>(groups.count * groups.size), count = static_cast<size_t>(groups.count);
  std::vector<float> x(n + skew), given(count + skew, 0.37f), shift(count + skew, 0.11f);
  std::copy_n(values.data<float>(), n, x.begin() + static_cast<ptrdiff_t>(skew));
  const float* px = x.data() + skew;
  Result r{std::vector<int8_t>(n + skew), std::vector<uint8_t>(n / 8 + 1 + skew),
           std::vector<float>(13 * count + 2 * n), std::vector<int64_t>(3)};
  float* f = r.floats.data();
  const auto next = [&] { return std::exchange(f, f + count); };
  EncodeArgs a{};
  a.encoder = encoder;
  a.x = px, a.groups = groups;
  a.low = encoder == Encoder::asymmetric ? 0.0f : -7.0f, a.high = encoder == Encoder::asymmetric ? 255.0f : 7.0f;
  a.zero = encoder == Encoder::asymmetric ? 128 : 0;
  a.clip = 2.0f, a.smallest_scale = 1e-30f;
  a.given_scale = given.data() + skew, a.given_shift = shift.data() + skew;
  a.codes = r.codes.data() + skew, a.scale = next(), a.offset = next();
  a.pass = {r.bits.data() + skew, encoder == Encoder::grid, -1.5f, 1.5f};
  a.counts = r.counts.data();
  k.encode(stream, a);
  k.stats(stream, {px, shift.data() + skew, groups, next(), next(), next(), next(), next()});
  k.mean_above(stream, {px, given.data() + skew, groups, next()});
  k.grid_sums(stream,
              {px, px, given.data() + skew, shift.data() + skew, groups, -3, 3, 1e-30f, next(), next(), next()});
  k.sign_sum(stream, {px, px, groups, next()});
  k.dequantize(stream, {a.codes, a.scale, a.offset, groups, a.zero, false, f});
  k.apply_mask(stream, {px, a.pass.bits, f + n, static_cast<int64_t>(n)});
  const int64_t blocks = std::min<int64_t>(groups.count, 2);
  std::vector<int8_t> by_row(n), by_column(n);
  const auto columns = static_cast<size_t>(groups.size);
  const int64_t strips = ((groups.count + 1) / 2 + kGradientStrip - 1) / kGradientStrip;
  std::vector<float> of_columns(4 * columns), workspace(static_cast<size_t>(3 * strips + 2) * columns);
  float* g = of_columns.data();
  k.encode_gradient(stream,
                    {px, groups.count, groups.size, 1e-30f, px, by_row.data(), next(), blocks, shift.data() + skew,
                     by_column.data(), g, given.data() + skew, g + 2 * columns, g + 3 * columns, workspace.data()});
  for (const std::vector<int8_t>* codes : {&by_row, &by_column})
    r.codes.insert(r.codes.end(), codes->begin(), codes->end());
  r.floats.insert(r.floats.end(), of_columns.begin(), of_columns.end());
  return r;
}

TEST(QuantizeKernels, EveryTargetGivesTheBitsOfTheGenericOne) {
  QuantizeKernels generic{};
  for (const auto& row : quantize_impls())
    if (row.target == Target::cpu_generic) row.fill(generic);
  for (const auto& row : quantize_impls()) {
    if (row.target == Target::cpu_generic) continue;
    if (!runs_here(row.target)) {
      std::printf("not run: %s\n", std::string(to_string(row.target)).c_str());
      continue;
    }
    QuantizeKernels kernels{};
    row.fill(kernels);
    uint64_t seed = 1;
    for (const int64_t size : {0, 1, 3, 15, 16, 17, 63, 64, 65, 127, 1023, 20000})
      for (const int64_t count : {1, 3, size > 1000 ? 2 : size == 127 ? 300 : 17})
        for (const Encoder encoder :
             {Encoder::absmax, Encoder::asymmetric, Encoder::grid, Encoder::sign, Encoder::threshold}) {
          Tensor x = random_normal(Shape({count, size}), 0.1, 1.3, ++seed);
          if (size > 20) {  // one infinity, one tie, one all-zero row
            x.mutable_data<float>()[7] = seed % 3 ? 0.5f : std::numeric_limits<float>::infinity();
            if (count > 1) std::fill_n(x.mutable_data<float>() + size, size, 0.0f);
          }
          const Groups groups{count, size};
          const size_t skew = seed % 4;
          EXPECT_TRUE(run(kernels, x, groups, encoder, skew).same_bits(run(generic, x, groups, encoder, skew)))
              << to_string(row.target) << " size " << size << " count " << count << " encoder "
              << static_cast<int>(encoder);
        }
  }
}

}  // namespace
}  // namespace lowbit
