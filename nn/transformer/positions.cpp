#include "nn/transformer/positions.h"

#include <algorithm>
#include <cmath>

#include "autograd/functions/elementwise.h"
#include "autograd/functions/embedding.h"
#include "core/error.h"
#include "core/random.h"
#include "nn/embedding.h"

namespace lowbit {

Tensor sinusoidal_table(int64_t rows, int64_t dim) {
  Tensor table = Tensor::zeros({rows, dim});
  float* y = table.mutable_data<float>();
  const int64_t half = dim / 2;
  const double step = std::log(10000.0) / static_cast<double>(std::max<int64_t>(half - 1, 1));
  for (int64_t p = 0; p < rows; ++p)
    for (int64_t i = 0; p != 1 && i < half; ++i) {
      const double angle = static_cast<double>(p) * std::exp(-static_cast<double>(i) * step);
      y[p * dim + i] = static_cast<float>(std::sin(angle));
      y[p * dim + half + i] = static_cast<float>(std::cos(angle));
    }
  return table;
}

PositionEmbedding::PositionEmbedding(const TransformerConfig& config, uint64_t seed)
    : max_positions_(config.max_positions) {
  const int64_t rows = config.max_positions + kOffset;
  if (config.positions == Positions::sinusoidal) {
    sinusoids_ = Variable(sinusoidal_table(rows, config.dim));
    return;
  }
  const double stddev = config.init == WeightInit::normal ? 0.02 : 1 / std::sqrt(static_cast<double>(config.dim));
  Tensor table = config.init == WeightInit::none ? Tensor::empty({rows, config.dim})
                                                 : random_normal({rows, config.dim}, 0, stddev, seed);
  table.rows(1, 2).fill_zero();
  own(learned_.emplace("weight", table));
}

Variable PositionEmbedding::add_to(const Variable& x, int64_t first, const ForwardContext& context) {
  const int64_t batch = x.shape()[0], length = x.shape()[1];
  LB_REQUIRE(first + length <= max_positions_, ErrorKind::data, "positions",
             "a sequence of {} tokens is longer than model.max_positions = {}; drop or truncate it (data.max_length)",
             first + length, max_positions_);
  std::vector<int32_t> ids(static_cast<size_t>(batch * length));
  for (int64_t i = 0; i < batch * length; ++i)
    ids[static_cast<size_t>(i)] = static_cast<int32_t>(first + i % length + kOffset);
  const Variable positions = in_scope("embed_positions", [&] {
    const Tensor rows = Tensor::from(Shape{batch, length}, ids);
    return learned_ ? look_up(*learned_, rows, -1, context) : embedding(sinusoids_, rows, 1.0, -1);
  });
  return add(x, positions);
}

}  // namespace lowbit
