#pragma once

#include <vector>

#include "core/files/state_dict.h"
#include "optim/param_groups.h"

namespace lowbit {

struct EmaConfig {
  double decay = 0.999;
  int64_t start_update = 1;  ///< the last that only copies: by then learned scales have been calibrated
  int64_t every = 1;         ///< updates between two steps of the average
};

/// Exponential moving average of trained parameters in f32: average = decay * average + (1 - decay) * parameter.
/// Quantizers see averaged latent weights when they are swapped in: the sign of the average, not the average of signs.
class Ema {
 public:
  /// Starts as a copy of the parameters. ErrorKind::usage for decay outside [0, 1) or every < 1.
  Ema(const std::vector<ParamGroup>& groups, const EmaConfig& config);

  /// To be called after each successful update with its number, 1 for the first.
  void update(int64_t updates);

  /// The averages under the paths of their parameters; shares memory with them.
  StateDict state() const;
  /// ErrorKind::model naming the tensor unless `state` has exactly these parameters.
  void load_state(const StateDict& state);

 private:
  friend class EmaScope;
  struct Entry {
    NamedParameter parameter;
    Tensor average;    // f32
    Tensor set_aside;  // of a half parameter while the average is in the model
  };
  void swap();

  EmaConfig config_;
  std::vector<Entry> entries_;
  bool swapped_ = false;
};

/// While it lives, the model has the averaged parameters: for evaluation.
class EmaScope {
 public:
  explicit EmaScope(Ema& ema) : ema_(ema) { ema_.swap(); }
  ~EmaScope() { ema_.swap(); }
  EmaScope(const EmaScope&) = delete;
  EmaScope& operator=(const EmaScope&) = delete;

 private:
  Ema& ema_;
};

}  // namespace lowbit
