#include "core/kernels/attention.h"

#include "core/error.h"
#include "core/ops/attention.h"
#include "core/ops/quantize.h"
#include "tests/support/parity.h"

namespace lowbit {
namespace {

using testing::all_near;
using testing::random_floats;

constexpr int64_t kHeads = 3;

Tensor random(int64_t batch, int64_t rows, int64_t width, uint64_t seed) {
  return random_uniform(Shape{batch, rows, width}, -2, 2, seed);
}

Tensor visible(int64_t batch, int64_t keys, const std::vector<uint8_t>& values) {
  return Tensor::from(Shape{batch, keys}, values);
}

/// Context of all queries by the definition, in f64.
std::vector<float> reference(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionMask& mask,
                             int64_t heads) {
  const int64_t batch = q.shape()[0], queries = q.shape()[1], keys = k.shape()[1], d = q.shape()[2], width = d / heads;
  std::vector<float> out(static_cast<size_t>(q.numel()), 0.0f);
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t c = 0; c < d; ++c)
      for (int64_t i = 0; i < queries; ++i) {
        const int64_t first = c / width * width;
        double total = 0, sum = 0;
        for (int64_t j = 0; j < keys; ++j) {
          if (mask.causal && j > i + keys - queries) continue;
          if (mask.key_visible.defined() && !mask.key_visible.data<uint8_t>()[b * keys + j]) continue;
          double score = 0;
          for (int64_t e = first; e < first + width; ++e)
            score += double{q.data<float>()[(b * queries + i) * d + e]} * k.data<float>()[(b * keys + j) * d + e];
          total += std::exp(score);
          sum += std::exp(score) * v.data<float>()[(b * keys + j) * d + c];
        }
        if (total > 0) out[static_cast<size_t>((b * queries + i) * d + c)] = static_cast<float>(sum / total);
      }
  return out;
}

std::vector<float> context(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionMask& mask,
                           int64_t heads = kHeads) {
  return ops::attention_context(ops::attention_probs(q, k, mask, heads), v).to_vector<float>();
}

TEST(Attention, EqualsTheDefinition) {
  for (const int64_t queries : {1, 3, 4, 17})
    for (const int64_t keys : {1, 5, 16, 33})
      for (const int64_t width : {1, 5, 16, 20})
        for (const bool causal : {false, true}) {
          const Tensor q = random(2, queries, kHeads * width, 1), k = random(2, keys, kHeads * width, 2);
          const Tensor v = random(2, keys, kHeads * width, 3);
          std::vector<uint8_t> seen;
          for (int64_t j = 0; j < 2 * keys; ++j) seen.push_back(j % 3 != 1);
          for (const Tensor& key_visible : {Tensor(), visible(2, keys, seen)}) {
            const AttentionMask mask = {key_visible, causal};
            EXPECT_TRUE(all_near(context(q, k, v, mask), reference(q, k, v, mask, kHeads), 1e-5))
                << queries << ' ' << keys << ' ' << width << ' ' << causal << key_visible.defined();
          }
        }
}

TEST(Attention, RowsWithoutAVisibleKeyAreZero) {
  const Tensor q = random(2, 2, 6, 1), k = random(2, 3, 6, 2);
  const Tensor probs = ops::attention_probs(q, k, {visible(2, 3, {0, 0, 0, 1, 0, 0}), false}, kHeads);
  for (const float p : probs.rows(0, 1).to_vector<float>()) EXPECT_EQ(p, 0);
  for (size_t i = 0; i < 18; ++i) EXPECT_EQ(probs.rows(1, 2).to_vector<float>()[i], i % 3 == 0 ? 1.0f : 0.0f);
}

/// Rows [begin, end) of the only batch row.
Tensor steps(const Tensor& t, int64_t begin, int64_t end) {
  return t.reshape({t.shape()[1], t.shape()[2]}).rows(begin, end).reshape({1, end - begin, t.shape()[2]});
}

/// The promise that packed, incremental inference rests on: equality, not closeness.
TEST(AttentionExactness, HiddenKeysChangeNoBit) {
  const int64_t keys = 13, d = 60;
  const Tensor q = random(1, 5, d, 1), k = random(1, keys + 20, d, 2), v = random(1, keys + 20, d, 3);
  const std::vector<float> alone = context(q, steps(k, 0, keys), steps(v, 0, keys), {});
  for (const int64_t extra : {1, 3, 4, 20}) {
    std::vector<uint8_t> seen(static_cast<size_t>(keys + extra), 0);
    std::fill_n(seen.begin(), keys, uint8_t{1});
    const AttentionMask mask = {visible(1, keys + extra, seen), false};
    EXPECT_EQ(context(q, steps(k, 0, keys + extra), steps(v, 0, keys + extra), mask), alone) << extra;
  }
}

TEST(AttentionExactness, OtherRowsOfTheBatchChangeNoBit) {
  const Tensor q = random(4, 7, 60, 1), k = random(4, 9, 60, 2), v = random(4, 9, 60, 3);
  const std::vector<float> all = context(q, k, v, {});
  for (int64_t b = 0; b < 4; ++b) {
    const std::vector<float> one = context(q.rows(b, b + 1), k.rows(b, b + 1), v.rows(b, b + 1), {});
    EXPECT_TRUE(std::equal(one.begin(), one.end(), all.begin() + b * 7 * 60)) << b;
  }
}

TEST(AttentionExactness, IncrementalStepsEqualTheWholeSequence) {
  const int64_t length = 37, d = 60;
  const Tensor q = random(1, length, d, 1), k = random(1, length, d, 2), v = random(1, length, d, 3);
  const std::vector<float> whole = context(q, k, v, {.key_visible = {}, .causal = true});
  for (int64_t t = 0; t < length; ++t) {
    const std::vector<float> step =
        context(steps(q, t, t + 1), steps(k, 0, t + 1), steps(v, 0, t + 1), {.key_visible = {}, .causal = true});
    EXPECT_TRUE(std::equal(step.begin(), step.end(), whole.begin() + t * d)) << "step " << t;
  }
}

TEST(Attention, NanOfAVisibleKeyReachesTheRowAndOfAHiddenKeyDoesNot) {
  const Tensor q = random(1, 2, 6, 1);
  Tensor k = random(1, 4, 6, 2);
  k.mutable_data<float>()[2 * 6] = NAN;
  for (const float p : ops::attention_probs(q, k, {visible(1, 4, {1, 1, 0, 1}), false}, 1).to_vector<float>())
    EXPECT_FALSE(std::isnan(p));
  for (const float p : ops::attention_probs(q, k, {}, 1).to_vector<float>()) EXPECT_TRUE(std::isnan(p));
}

TEST(Attention, HalfTypesComputeInFloatAndRoundOnce) {
  for (const DType dtype : {DType::f16, DType::bf16}) {
    const Tensor q = random(2, 5, 60, 1).to(dtype), k = random(2, 7, 60, 2).to(dtype);
    const auto widened = [](const Tensor& t) { return t.to(DType::f32).to_vector<float>(); };
    const Tensor probs = ops::attention_probs(q, k, {}, kHeads);
    EXPECT_EQ(widened(probs), widened(ops::attention_probs(q.to(DType::f32), k.to(DType::f32), {}, kHeads).to(dtype)));
    EXPECT_EQ(widened(ops::attention_context(probs, k)),
              widened(ops::attention_context(probs.to(DType::f32), k.to(DType::f32)).to(dtype)));
  }
}

TEST(AttentionKernels, TargetsAgreeBitForBitAndInGradientsToRounding) {
  testing::for_each_target(attention_impls(), [](const std::string& name, const AttentionKernels& generic,
                                                 const AttentionKernels& fast) {
    for (const int64_t keys : {1, 15, 16, 17, 65})
      for (const int64_t width : {3, 16, 48}) {
        const AttentionShape s = {2, kHeads, 6, keys, width};
        const int64_t d = kHeads * width, matrix = 2 * kHeads * 6 * keys;
        const std::vector<float> q = random_floats(2 * 6 * d, 1), k = random_floats(2 * keys * d, 2);
        const std::vector<float> dprobs = random_floats(matrix, 3);
        std::vector<float> gradients;  // of the latest run
        const auto run = [&](const AttentionKernels& table) {
          std::vector<float> probs(dprobs.size()), dq = q, dk = k, out = q, dp = dprobs, dv = k;
          const AttentionWorkspace need = attention_workspace(s);
          std::vector<float> work(
              static_cast<size_t>(std::max({need.probs, need.probs_backward, need.context, need.context_backward})));
          Stream& cpu = current_stream({});
          table.probs(cpu, {s, q.data(), {k.data(), keys}, nullptr, probs.data(), work.data(), 1, true, DType::f32});
          table.probs_backward(cpu, {s, q.data(), k.data(), probs.data(), dprobs.data(), dq.data(), dk.data(),
                                     work.data(), 1, DType::f32});
          table.context(cpu, {s, probs.data(), {k.data(), keys}, out.data(), work.data(), 1, DType::f32});
          table.context_backward(
              cpu, {s, probs.data(), k.data(), q.data(), dp.data(), dv.data(), work.data(), 1, DType::f32});
          gradients.clear();
          for (const auto* more : {&dq, &dk, &dp, &dv}) gradients.insert(gradients.end(), more->begin(), more->end());
          probs.insert(probs.end(), out.begin(), out.end());
          return probs;
        };
        const std::vector<float> expected = run(generic), expected_gradients = gradients;
        EXPECT_EQ(run(fast), expected) << name << ' ' << keys << ' ' << width;
        EXPECT_TRUE(testing::all_near<float>(gradients, expected_gradients, 1e-5)) << name << ' ' << keys;
      }
  });
}

/// Keys or values as states of every kind: with and without offsets, zero points and scales of their own.
std::vector<QTensor> encoded(const Tensor& x) {
  return {ops::encode_absmax(x, CodeBook::int8, Granularity::row).q,
          ops::encode_absmax(x, CodeBook::int8, Granularity::tensor).q,
          ops::encode_asymmetric(x, CodeBook::uint8, Granularity::row).q,
          ops::encode_asymmetric(x, CodeBook::trit, Granularity::tensor).q,
          ops::encode_sign(x, Granularity::row, ops::mean_abs(x, Granularity::row)).q};
}

TEST(AttentionKernels, CodesGiveTheBitsOfTheirValues) {
  testing::for_each_target(
      attention_impls(), [](const std::string& name, const AttentionKernels& generic, const AttentionKernels& fast) {
        for (const int64_t keys : {1, 15, 16, 17, 33, 65})
          for (const int64_t width : {3, 16, 20, 64})
            for (const int64_t queries : {1, 6}) {
              const AttentionShape s = {2, kHeads, queries, keys, width};
              const int64_t rows = keys + 2;  // two more than are looked at
              const Tensor q = random(2, queries, kHeads * width, 1), states = random(2, rows, kHeads * width, 2);
              const AttentionWorkspace need = attention_workspace(s);
              std::vector<float> work(static_cast<size_t>(std::max(need.probs, need.context)));
              const auto run = [&](const AttentionKernels& table, const AttentionStates& kv) {
                std::vector<float> probs(static_cast<size_t>(2 * kHeads * queries * keys));
                std::vector<float> out(static_cast<size_t>(q.numel()));
                Stream& cpu = current_stream({});
                table.probs(cpu, {s, q.raw(), kv, nullptr, probs.data(), work.data(), 1, true, DType::f32});
                table.context(cpu, {s, probs.data(), kv, out.data(), work.data(), 1, DType::f32});
                probs.insert(probs.end(), out.begin(), out.end());
                return probs;
              };
              for (const QTensor& c : encoded(states)) {
                const Tensor values = dequantize(c);
                const AttentionStates codes = {c.codes.raw(),
                                               rows,
                                               c.scale.data<float>(),
                                               c.offset.defined() ? c.offset.data<float>() : nullptr,
                                               c.per == Granularity::row ? 1 : 0,
                                               zero_of(c.book)};
                for (const AttentionKernels* table : {&generic, &fast})
                  EXPECT_EQ(run(*table, codes), run(*table, {values.raw(), rows}))
                      << name << ' ' << keys << ' ' << width << ' ' << queries << ' ' << to_string(c.book);
              }
            }
      });
}

TEST(Attention, OfACacheEqualsThatOfItsValues) {
  constexpr int64_t kLength = 9, kRoom = 12;
  const Tensor q = random(2, 2, 60, 1), all = random(2, kRoom, 60, 2);
  const AttentionMask mask = {visible(2, 9, {1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1}), true};
  std::vector<ops::CachedStates> caches = {{.numbers = all, .length = kLength}};
  for (const QTensor& codes : encoded(all)) caches.push_back({.codes = codes, .length = kLength});
  for (const ops::CachedStates& cache : caches)
    for (const DType dtype : {DType::f32, DType::bf16}) {
      const Tensor values = ops::values_of(cache).to(dtype), queries = q.to(dtype);
      ASSERT_EQ(values.shape(), (Shape{2, kLength, 60}));
      const auto widened = [](const Tensor& t) { return t.to(DType::f32).to_vector<float>(); };
      const Tensor probs = ops::attention_probs(queries, cache, mask, kHeads);
      EXPECT_EQ(widened(probs), widened(ops::attention_probs(queries, values, mask, kHeads)));
      EXPECT_EQ(widened(ops::attention_context(probs, cache)), widened(ops::attention_context(probs, values)));
    }
  ops::CachedStates broken = caches[1];
  broken.codes.scale = Tensor::zeros({3});
  EXPECT_THROW(ops::attention_probs(q, broken, mask, kHeads), Error);
  broken = caches[1];
  broken.length = kRoom + 1;
  EXPECT_THROW(ops::attention_probs(q, broken, mask, kHeads), Error);
}

TEST(Attention, NamesShapesThatDoNotFit) {
  EXPECT_THROW(ops::attention_probs(random(1, 2, 6, 1), random(1, 2, 6, 1), {}, 4), Error);
  EXPECT_THROW(ops::attention_probs(random(1, 2, 6, 1), random(2, 2, 6, 1), {}, 3), Error);
  EXPECT_THROW(ops::attention_probs(random(1, 2, 6, 1), random(1, 2, 6, 1), {visible(1, 3, {1, 1, 1}), false}, 3),
               Error);
}

}  // namespace
}  // namespace lowbit
