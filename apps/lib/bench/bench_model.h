#pragma once

#include <memory>

#include "apps/lib/bench/bench.h"
#include "nn/loss/objective.h"
#include "nn/transformer/seq2seq.h"

namespace lowbit {

/// The preset `options.model` with random weights, quantized by the recipe unless that is "none".
std::unique_ptr<Seq2Seq> bench_model(const BenchOptions& options);
/// The same in float.
std::unique_ptr<Seq2Seq> bench_float_model(const BenchOptions& options);

/// Random tokens, no special ones, every row of full length. Error (usage): longer than the model has positions.
Seq2SeqBatch random_batch(const TransformerConfig& model, int64_t rows, int64_t source_length, int64_t target_length);

}  // namespace lowbit
