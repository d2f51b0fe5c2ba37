#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/random.h"
#include "nn/parameter.h"

namespace lowbit {

class Slot;

/// What a forward pass needs to know besides its inputs.
struct ForwardContext {
  bool training = false;          ///< dropout and calibration on
  RandomState* random = nullptr;  ///< source of dropout keys; needed when training with dropout
};

/// A node of the model tree: owns parameters, slots and children, all named. Modules are neither copied nor moved.
class Module {
 public:
  Module() = default;
  virtual ~Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  /// Depth first in declaration order; paths such as "decoder.layers.0.self_attn.q_proj.weight". Learned parameters of
  /// a filled slot follow those of its module, below the slot: "decoder.layers.0.fc1.input.alpha".
  void each_parameter(const std::function<void(const std::string& path, Parameter&)>& visit);
  void each_slot(const std::function<void(const std::string& path, Slot&)>& visit);
  void each_module(const std::function<void(const std::string& path, Module&)>& visit);

  int64_t parameter_count();  ///< elements, each tied tensor once
  void clear_grads();

  /// Replaces the float master of this module by codes where its weight slot is filled: training is over, the forward
  /// stays bit for bit. Of this module only; freeze_tree() for all.
  virtual void freeze() {}

 protected:
  /// Called in constructors, in declaration order. The tree keeps references: members of the owner.
  Parameter& own(Parameter& parameter);
  void own(std::string name, Module& child);
  void own(std::string name, Slot& slot);
  /// Undoes own(): the parameter is no longer part of the model.
  void disown(Parameter& parameter);

 private:
  std::vector<Parameter*> parameters_;
  std::vector<std::pair<std::string, Module*>> children_;
  std::vector<std::pair<std::string, Slot*>> slots_;
};

/// freeze() for every module below and including root.
void freeze_tree(Module& root);

}  // namespace lowbit
