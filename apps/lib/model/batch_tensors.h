#pragma once

#include <vector>

#include "data/batch/batch.h"
#include "nn/loss/objective.h"

namespace lowbit {

/// A batch as the tensors that a model reads.
Seq2SeqBatch to_tensors(const Batch& batch);

/// [B, S] u8 with 1 on the first lengths[b] columns.
Tensor visible_columns(const std::vector<int32_t>& lengths, int64_t columns);

}  // namespace lowbit
