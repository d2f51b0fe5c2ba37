#include <gtest/gtest.h>
#include <omp.h>

#include <functional>
#include <vector>

#include "core/ops/attention.h"
#include "core/ops/dropout.h"
#include "core/ops/elementwise.h"
#include "core/ops/embedding.h"
#include "core/ops/norm.h"
#include "core/ops/quantize.h"
#include "core/ops/reduce.h"
#include "core/random.h"

/// Sums run in an order that depends on the problem only, so no op may change a bit with the number of threads.
namespace lowbit {
namespace {

Tensor random(const Shape& shape, uint64_t seed) { return random_uniform(shape, -1, 1, seed); }

std::vector<float> joined(const std::vector<Tensor>& tensors) {
  std::vector<float> all;
  for (const Tensor& t : tensors) {
    const std::vector<float> values = t.to_vector<float>();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

struct Case {
  const char* name;
  std::function<std::vector<float>()> run;
};

TEST(Threads, TheNumberOfThreadsChangesNoBit) {
  const Tensor x = random({301, 130}, 1), w = random({130}, 2), dy = random({301, 130}, 3);
  std::vector<int32_t> numbers;
  for (int32_t i = 0; i < 301; ++i) numbers.push_back(i * i % 37);
  const Tensor ids = Tensor::from(Shape{301}, numbers), offsets = random({301}, 6);
  const Tensor q = random({5, 33, 24}, 4), k = random({5, 29, 24}, 5);
  const std::vector<Case> cases = {
      {"gelu", [&] { return joined({ops::unary(Unary::gelu, x)}); }},
      {"add a row", [&] { return joined({ops::add(x, w)}); }},
      {"dropout", [&] { return joined({ops::dropout(x, 0.2, 7)}); }},
      {"embedding",
       [&] {
         return joined({ops::embedding(x, ids, 2), ops::embedding_backward(dy, ids, 40, 2, 1)});
       }},
      {"column_sum", [&] { return joined({ops::column_sum(x)}); }},
      {"summarise",
       [&] {
         const Summary s = ops::summarise(x);
         return std::vector<float>{static_cast<float>(s.sum), static_cast<float>(s.sum_squares)};
       }},
      {"layer_norm",
       [&] {
         const ops::NormResult r = ops::norm(ops::NormKind::layer, x, w, w, 1e-5);
         const ops::NormGrads g = ops::norm_backward(x, w, r.mean, r.rstd, dy, true);
         return joined({r.y, g.dx, g.dweight, g.dbias});
       }},
      {"encode_gradient",
       [&] {
         const ops::GradientCodes codes = ops::encode_gradient(x, {.blocks = 2, .row_offset = offsets});
         std::vector<float> all = joined({codes.sum, codes.offset_sum, codes.rows.scale});
         for (const QTensor* part : {&codes.rows, &codes.columns[0], &codes.columns[1]})
           for (const int8_t code : part->codes.to_vector<int8_t>()) all.push_back(code);
         return all;
       }},
      {"attention",
       [&] {
         const Tensor probs = ops::attention_probs(q, k, {}, 3), context = ops::attention_context(probs, k);
         const auto [dprobs, dv] = ops::attention_context_backward(probs, k, context);
         const auto [dq, dk] = ops::attention_probs_backward(q, k, probs, dprobs);
         return joined({probs, context, dprobs, dv, dq, dk});
       }},
  };
  const int before = omp_get_max_threads();
  for (const Case& c : cases) {
    omp_set_num_threads(1);
    const std::vector<float> one = c.run();
    for (const int threads : {2, 3, 7}) {
      omp_set_num_threads(threads);
      EXPECT_EQ(c.run(), one) << c.name << " on " << threads << " threads";
    }
  }
  omp_set_num_threads(before);
}

}  // namespace
}  // namespace lowbit
