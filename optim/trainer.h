#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/loss/objective.h"
#include "optim/loss_scaler.h"
#include "optim/optimizer.h"

namespace lowbit {

struct TrainerConfig {
  double clip_norm = 0;                              ///< 0: the norm is computed and reported, nothing is clipped
  std::optional<LossScalerConfig> loss_scaler = {};  ///< without one, what is not finite ends training at once
};

/// What one attempt at an update did.
struct StepReport {
  bool skipped = false;   ///< gradients or loss were not finite: nothing has changed but the loss scale
  double loss_scale = 1;  ///< that its gradients were computed with
  int64_t update = 0;     ///< number of this update, from 1; of the one that was tried when it was skipped
  int64_t tokens = 0;     ///< target tokens of all its micro-batches
  double loss = 0;        ///< objective per token, natural log
  double nll = 0;         ///< negative log-likelihood per token
  double accuracy = 0;    ///< share of tokens whose reference is the most likely
  double lr = 0;
  double grad_norm = 0;    ///< unscaled, normalised by tokens, before clipping
  double clip_factor = 1;  ///< what the gradients were multiplied by because of clip_norm
  double forward_s = 0, backward_s = 0, optimizer_s = 0;
  std::vector<std::pair<std::string, double>> terms;  ///< parts of the loss per token
};

/// One optimizer update from several micro-batches, in a fixed order: forward and backward of the summed losses times
/// the loss scale, one look at all gradients, one division by loss scale and common token count, norm, clip, update.
/// The loop around it (data, evaluation, checkpoints) belongs to the program.
class Trainer {
 public:
  using MicroBatch = std::function<LossSum(int64_t index)>;

  /// `schedule` gives the learning rate after so many updates.
  Trainer(Optimizer& optimizer, std::function<double(int64_t updates_done)> schedule, const TrainerConfig& config);

  /// Runs loss(0) .. loss(micro_batches - 1) and updates the model, or skips the update when loss or gradients are not
  /// finite and a loss scaler goes on. Error (diverged) when there is none, or it gives up: the batch is run again with
  /// every op checked, and the message names the op that made the first non-finite value. The parameters are as before
  /// the call then.
  StepReport update(int64_t updates_done, int64_t micro_batches, const MicroBatch& loss);

  /// Null without one. Its state belongs into checkpoints.
  LossScaler* loss_scaler() { return scaler_ ? &*scaler_ : nullptr; }

 private:
  void backward(const LossSum& micro) const;
  /// The op that makes the first non-finite value under this loss scale; empty when all are finite.
  std::string first_non_finite(double loss_scale, int64_t micro_batches, const MicroBatch& loss);
  [[noreturn]] void explain_divergence(int64_t update, int64_t micro_batches, const MicroBatch& loss,
                                       const std::string& symptom);

  Optimizer& optimizer_;
  std::function<double(int64_t)> schedule_;
  TrainerConfig config_;
  std::optional<LossScaler> scaler_;
};

}  // namespace lowbit
