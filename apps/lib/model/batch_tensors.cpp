#include "apps/lib/model/batch_tensors.h"

#include <algorithm>

namespace lowbit {

Tensor visible_columns(const std::vector<int32_t>& lengths, int64_t columns) {
  const auto rows = static_cast<int64_t>(lengths.size());
  Tensor mask = Tensor::zeros({rows, columns}, DType::u8);
  uint8_t* m = mask.mutable_data<uint8_t>();
  for (int64_t b = 0; b < rows; ++b) std::fill_n(m + b * columns, lengths[static_cast<size_t>(b)], uint8_t{1});
  return mask;
}

Seq2SeqBatch to_tensors(const Batch& batch) {
  const Shape source{batch.rows, batch.source_length}, target{batch.rows, batch.target_length};
  return {.source = Tensor::from(source, batch.source),
          .source_visible = visible_columns(batch.source_lengths, batch.source_length),
          .target_in = Tensor::from(target, batch.target_in),
          .target_out = Tensor::from(target, batch.target_out),
          .target_visible = visible_columns(batch.target_lengths, batch.target_length),
          .target_tokens = batch.target_tokens};
}

}  // namespace lowbit
