#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "nn/loss/objective.h"
#include "optim/optimizer.h"

namespace lowbit {

struct TrainerConfig {
  double clip_norm = 0;  ///< 0: the norm is computed and reported, nothing is clipped
};

/// What one update did.
struct StepReport {
  int64_t update = 0;   ///< number of this update, from 1
  int64_t tokens = 0;   ///< target tokens of all its micro-batches
  double loss = 0;      ///< objective per token, natural log
  double nll = 0;       ///< negative log-likelihood per token
  double accuracy = 0;  ///< share of tokens whose reference is the most likely
  double lr = 0;
  double grad_norm = 0;    ///< unscaled, normalised by tokens, before clipping
  double clip_factor = 1;  ///< what the gradients were multiplied by because of clip_norm
  double forward_s = 0, backward_s = 0, optimizer_s = 0;
  std::vector<std::pair<std::string, double>> terms;  ///< parts of the loss per token
};

/// One optimizer update from several micro-batches, in a fixed order: forward and backward of the summed losses, one
/// division by the common token count, norm, clip, update. The loop around it (data, evaluation, checkpoints) belongs
/// to the program.
class Trainer {
 public:
  using MicroBatch = std::function<LossSum(int64_t index)>;

  /// `schedule` gives the learning rate after so many updates.
  Trainer(Optimizer& optimizer, std::function<double(int64_t updates_done)> schedule, const TrainerConfig& config);

  /// Runs loss(0) .. loss(micro_batches - 1) and updates the model. Error (diverged) when loss or gradients are not
  /// finite: the batch is run again with every op checked, and the message names the op that made the first non-finite
  /// value. The parameters are as before the call then.
  StepReport update(int64_t updates_done, int64_t micro_batches, const MicroBatch& loss);

 private:
  [[noreturn]] void explain_divergence(int64_t update, int64_t micro_batches, const MicroBatch& loss,
                                       const std::string& symptom);

  Optimizer& optimizer_;
  std::function<double(int64_t)> schedule_;
  TrainerConfig config_;
};

}  // namespace lowbit
