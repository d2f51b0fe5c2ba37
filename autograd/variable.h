#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/saved.h"
#include "autograd/site.h"
#include "core/tensor.h"

namespace lowbit {

namespace detail {
struct Node;
struct Handle;
}  // namespace detail

/// Where the backward of one op puts the gradients of its inputs; accumulates.
class GradSink {
 public:
  explicit GradSink(detail::Node& node) : node_(node) {}
  bool needs(size_t input) const;
  /// Checks the shape against the input and rounds to its gradient's type; ignored if the input needs no gradient. The
  /// sink may keep `grad`: the caller must not write to it afterwards. One that nobody else holds, such as a temporary,
  /// becomes the buffer that later gradients are added to.
  void add(size_t input, Tensor grad);
  /// The gradient that the input has so far, for an op that can add its own in place; null where there is none yet,
  /// where somebody else holds it, and where add() does more than add. Then give the gradient to add().
  Tensor* sum(size_t input);
  /// What the op is given and gives is held times 2^this (autograd/precision.h).
  int held_exponent() const;

 private:
  detail::Node& node_;
};

using Backward = std::function<void(const Tensor& dy, GradSink& dx)>;

/// A tensor and its place on the tape. A shared handle: copies are the same variable. The tape itself keeps no values:
/// one that no op saved for backward goes with its last handle.
class Variable {
 public:
  Variable() = default;
  /// A leaf. With requires_grad its gradient accumulates over backward() calls until clear_grad(); in f32 for f16 and
  /// bf16.
  explicit Variable(Tensor value, bool requires_grad = false);

  bool defined() const { return handle_ != nullptr; }
  const Tensor& value() const;
  /// For optimizers and loaders: the value of a leaf, to be written in place.
  Tensor& mutable_value();
  const Shape& shape() const { return value().shape(); }
  DType dtype() const { return value().dtype(); }

  bool requires_grad() const;
  void set_requires_grad(bool on);  ///< leaves only
  void hold_grad(int exponent);     ///< leaves only: times 2^exponent, as precision may ask of results
  bool has_grad() const;
  /// Error naming the op if backward() has not reached it.
  const Tensor& grad() const;
  Tensor& mutable_grad();
  /// Replaces the gradient; shape of the value.
  void set_grad(const Tensor& grad);
  void clear_grad();

  /// Gradients of this scalar for every leaf it depends on. Iterative; every node is freed as soon as it has run, so
  /// the graph serves one backward().
  void backward() const;
  /// The same for any shape, given the gradient of this variable, which is held times 2^held.
  void backward(const Tensor& dy, int held = 0) const;

  /// The same value off the tape.
  Variable detach() const;
  const Site& site() const;

  /// Says that `make` gives the value again, bit for bit, from less: ops then keep that for backward (SavedValue).
  void restore_by(std::function<Tensor()> make);
  /// What the first call with this key, which stands for one T, made of the value, shared with the later ones until the
  /// last handle goes: for work that several ops would do on one result. Not shared for a leaf, whose value may be
  /// written.
  template <class T, class Make>
  std::shared_ptr<const T> derived(const std::string& key, const Make& make) const {
    if (const auto* kept = derived_slot(key); kept && *kept) return std::static_pointer_cast<const T>(*kept);
    auto made = std::make_shared<const T>(make());
    if (auto* kept = derived_slot(key)) *kept = made;
    return made;
  }

 private:
  friend class SavedValue;
  friend Variable record(std::string_view, Tensor, const std::vector<Variable>&, Backward, SourceLine);
  friend std::string dump_graph(const Variable&);
  detail::Node& node() const;
  std::shared_ptr<const void>* derived_slot(const std::string& key) const;

  std::shared_ptr<detail::Handle> handle_;
};

/// The value of a variable kept for backward, as what it can be restored from where there is such a thing.
class SavedValue {
 public:
  explicit SavedValue(const Variable& x);
  Tensor get() const { return restore_ ? restore_() : value_.get(); }

 private:
  Saved value_;
  std::function<Tensor()> restore_;
};

/// The result of op `name`. Records nothing when no input needs a gradient or grad mode is off.
///   fn(dy, dx)  is given the gradient of y and adds those of the inputs, by their index in `inputs`
/// Undefined inputs are allowed (an absent bias) and never need a gradient. `name` must outlive the tape (a literal).
Variable record(std::string_view name, Tensor y, const std::vector<Variable>& inputs, Backward fn,
                SourceLine at = SourceLine::here());

/// The recorded graph below `root`, one node a line in execution order: number, site, dtype, shape, bytes, input
/// numbers.
std::string dump_graph(const Variable& root);

}  // namespace lowbit
