#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/files/state_dict.h"
#include "optim/param_groups.h"

namespace lowbit {

/// Base of the optimizers: owns their state, one f32 tensor per parameter and moment, and the number of updates that
/// each parameter has had (what bias corrections count). Parameters in f16 or bf16 are widened, updated in f32 and
/// rounded back: to nearest, or stochastically.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// One update of every parameter that has a gradient.
  ///   lr          from the schedule; groups scale it
  ///   grad_scale  multiplies every gradient first: unscaling, normalisation and clipping in one number
  void step(double lr, double grad_scale = 1);
  void clear_grads();
  /// bf16 parameters are rounded stochastically from now on, by (seed, number of the update, position of the
  /// parameter).
  void round_stochastically(uint64_t seed) { rounding_seed_ = seed; }
  const std::vector<ParamGroup>& groups() const { return groups_; }

  /// "<path>.<moment>" and "<path>.updates" [] i64 for every parameter. Moments share memory with the optimizer: write
  /// them to disk before the next step.
  StateDict state() const;
  /// ErrorKind::model naming the tensor unless `state` is of the same kind of optimizer and exactly these parameters.
  void load_state(const StateDict& state);

 protected:
  /// What update() works on.
  struct Slot {
    Tensor& parameter;  ///< f32
    const Tensor& grad;
    std::vector<Tensor>& moments;  ///< in the order of `moment_names`
    int64_t update;                ///< 1 for the first
    double lr, weight_decay, grad_scale;
  };
  /// Moments start at zero.
  Optimizer(std::string kind, std::vector<std::string> moment_names, std::vector<ParamGroup> groups);

 private:
  struct Entry {
    NamedParameter parameter;
    double lr_scale, weight_decay;
    std::vector<Tensor> moments;
    int64_t updates = 0;
  };
  virtual void update(const Slot& slot) = 0;

  std::string kind_;
  std::vector<std::string> moment_names_;
  std::vector<ParamGroup> groups_;
  std::vector<Entry> entries_;  // in the order of the groups
  std::optional<uint64_t> rounding_seed_;
};

}  // namespace lowbit
