#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/transformer/seq2seq.h"

namespace lowbit {

/// What a training step reads: sequences padded on the right.
struct Seq2SeqBatch {
  Tensor source;          ///< [B, S] i32
  Tensor source_visible;  ///< [B, S] u8, 1 = a token
  Tensor target_in;       ///< [B, T] i32, decoder input
  Tensor target_out;      ///< [B, T] i32, what to predict; padding where there is nothing
  Tensor target_visible;  ///< [B, T] u8
  int64_t target_tokens = 0;
};

/// A loss summed over the target tokens of one batch: sums of several batches are divided by their common token count
/// once (mean of means is wrong for ragged batches).
struct LossSum {
  Variable sum;
  int64_t tokens = 0;
  double nll = 0;       ///< natural-log likelihood loss of the references, summed, without smoothing
  int64_t correct = 0;  ///< tokens whose reference is the most likely
  std::vector<std::pair<std::string, double>> terms;  ///< the parts of `sum`, weighted, by name
};

/// Label-smoothed cross entropy. The logits of all tokens never exist together.
LossSum cross_entropy_objective(Seq2Seq& model, const Seq2SeqBatch& batch, double smoothing, const ForwardContext& ctx);

/// Distillation in the form of TBT (Liu et al. 2023) and DQ-BART, of a student of the teacher's shape:
///   L = task * CE + logits * softCE + hidden * sum of state MSEs + attention * sum of probability MSEs
/// States are the embeddings' and each layer's, probabilities each attention's. CE is summed over the target tokens;
/// the others are means (softCE over tokens, MSEs over elements of tokens and over pairs of tokens) times target
/// tokens. TBT's weights are 1 throughout; the last two are 0 here, because they cost BLEU where it was measured
/// (docs/benchmarks/long.md).
struct DistillationConfig {
  double task = 1, logits = 1, hidden = 0, attention = 0;
  double smoothing = 0;
  double temperature = 1;
  /// Mean over all positions, padding included, as the released code of TBT does. Default: padding is left out.
  bool include_padding = false;
};

/// The student's objective; the teacher runs off the tape, without dropout.
LossSum distillation_objective(Seq2Seq& student, Seq2Seq& teacher, const Seq2SeqBatch& batch,
                               const DistillationConfig& config, const ForwardContext& ctx);

}  // namespace lowbit
