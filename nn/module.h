#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/random.h"
#include "nn/parameter.h"

namespace lowbit {

class QuantizedWeight;
class Slot;
struct QTensor;
struct StoredCodes;

/// What a training step computes a second time, in backward, instead of keeping it (activation checkpointing).
enum class Recompute : uint8_t {
  nothing,
  attention,  ///< probabilities: what is kept of attention then grows with the length, not with its square
  layers,     ///< whatever is inside an encoder or decoder layer; kept are the states between them
};

/// What a forward pass needs to know besides its inputs.
struct ForwardContext {
  bool training = false;          ///< dropout and calibration on
  RandomState* random = nullptr;  ///< source of dropout keys; needed when training with dropout
  Recompute recompute = Recompute::nothing;
};

/// A node of the model tree: owns parameters, slots and children, all named. Modules are neither copied nor moved.
class Module {
 public:
  Module() = default;
  virtual ~Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  /// Depth first in declaration order; paths such as "decoder.layers.0.self_attn.q_proj.weight". Learned parameters of
  /// a filled slot follow those of its module, below the slot: "decoder.layers.0.fc1.input.alpha". Parameters without a
  /// value (frozen, or another module's) are left out.
  void each_parameter(const std::function<void(const std::string& path, Parameter&)>& visit);
  void each_slot(const std::function<void(const std::string& path, Slot&)>& visit);
  void each_module(const std::function<void(const std::string& path, Module&)>& visit);

  int64_t parameter_count();  ///< elements that training may change, each tied tensor once
  void clear_grads();

  /// Every weight whose slot is filled, at its path, as codes: frozen, or as its slot would make them now.
  void each_weight_codes(const std::function<void(const std::string& path, const QTensor& codes)>& visit);
  /// Replaces the float master of this module's own weight by codes, when its slot is filled: training is over, the
  /// forward pass stays bit for bit. freeze_tree() does it for a whole model.
  void freeze();
  /// The same with codes from a file. ErrorKind::model when the module has no weight, or one of another shape.
  void freeze(StoredCodes codes);

 protected:
  /// Called in constructors, in declaration order. The tree keeps references: members of the owner.
  Parameter& own(Parameter& parameter);
  void own(std::string name, Module& child);
  void own(std::string name, Slot& slot);
  /// The weight's parameter and slot, both under its name. At most one for a module.
  void own(QuantizedWeight& weight);

 private:
  std::vector<Parameter*> parameters_;
  std::vector<std::pair<std::string, Module*>> children_;
  std::vector<std::pair<std::string, Slot*>> slots_;
  QuantizedWeight* weight_ = nullptr;
};

/// freeze() for every module below and including root.
void freeze_tree(Module& root);

}  // namespace lowbit
