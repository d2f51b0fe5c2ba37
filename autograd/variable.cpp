#include "autograd/variable.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "autograd/finite_check.h"
#include "autograd/grad_mode.h"
#include "autograd/precision.h"
#include "autograd/profiler.h"
#include "autograd/result_probe.h"
#include "core/ops/elementwise.h"

namespace lowbit {

namespace detail {

struct Node {
  Tensor value;
  Tensor grad;
  bool grad_owned = false;  // grad is a buffer of ours that may be added to in place
  bool requires_grad = false;
  bool leaf = true;
  int grad_exponent = 0;  // grad is held times 2^this on top of the loss scale
  Site site;
  std::vector<std::shared_ptr<Node>> inputs;  // empty for leaves
  Backward backward;

  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  /// Releases a chain of any length without recursion.
  ~Node() {
    std::vector<std::shared_ptr<Node>> pending = std::move(inputs);
    while (!pending.empty()) {
      const std::shared_ptr<Node> node = std::move(pending.back());
      pending.pop_back();
      if (node && node.use_count() == 1)
        std::move(node->inputs.begin(), node->inputs.end(), std::back_inserter(pending)), node->inputs.clear();
    }
  }

  /// Half leaves collect in f32: many small addends would vanish in a half sum.
  DType grad_type() const { return leaf ? compute_type(value.dtype()) : value.dtype(); }

  /// A gradient of another type is rounded: op and consumer may lie in sites of different storage.
  void accumulate(const Tensor& given) {
    LB_CHECK(given.shape() == value.shape() && compute_type(given.dtype()) == compute_type(value.dtype()), "tape",
             "gradient {} {} for a value {} {} at {}", to_string(given.dtype()), given.shape().str(),
             to_string(value.dtype()), value.shape().str(), site.str());
    const Tensor dy = given.to(grad_type());
    if (!grad.defined()) {
      grad = dy;
      grad_owned = false;
    } else if (grad_owned) {
      ops::add_(grad, dy);
    } else {
      grad = ops::add(grad, dy);
      grad_owned = true;
    }
  }
};

}  // namespace detail

using detail::Node;

namespace {

const Node& checked(const std::shared_ptr<Node>& node) {
  LB_CHECK(node, "variable", "an undefined variable was used");
  return *node;
}

using NodePtr = std::shared_ptr<Node>;

/// Nodes below root that need a gradient, consumers before producers.
std::vector<NodePtr> consumers_first(const NodePtr& root) {
  std::unordered_map<Node*, int> consumers = {{root.get(), 0}};
  std::vector<Node*> stack = {root.get()};
  while (!stack.empty()) {
    Node* node = stack.back();
    stack.pop_back();
    for (const auto& input : node->inputs) {
      if (!input || !input->requires_grad) continue;
      const auto [entry, first] = consumers.try_emplace(input.get(), 0);
      ++entry->second;
      if (first) stack.push_back(input.get());
    }
  }
  std::vector<NodePtr> order = {root};
  for (size_t i = 0; i < order.size(); ++i) {
    const Node& node = *order[i];
    for (const auto& input : node.inputs)
      if (input && input->requires_grad && --consumers[input.get()] == 0) order.push_back(input);
  }
  return order;
}

}  // namespace

bool GradSink::needs(size_t input) const {
  LB_CHECK(input < node_.inputs.size(), "tape", "{} has no input {}", node_.site.str(), input);
  return node_.inputs[input] && node_.inputs[input]->requires_grad;
}

void GradSink::add(size_t input, const Tensor& grad) {
  if (!needs(input)) return;
  if (FiniteCheck::active()) FiniteCheck::examine(grad, node_.site, fmt::format("gradient of input {}", input));
  const int shift = node_.inputs[input]->grad_exponent - node_.grad_exponent;
  node_.inputs[input]->accumulate(shift == 0 ? grad : ops::scale(grad, std::ldexp(1.0, shift)));
}

Variable::Variable(Tensor value, bool requires_grad) : node_(std::make_shared<Node>()) {
  node_->value = std::move(value);
  node_->requires_grad = requires_grad;
  node_->site = {current_site_path(), "leaf", {}};
}

const Tensor& Variable::value() const { return checked(node_).value; }

Tensor& Variable::mutable_value() {
  LB_CHECK(checked(node_).leaf, "variable", "{} is a result, not a leaf: it cannot be written", node_->site.str());
  return node_->value;
}

bool Variable::requires_grad() const { return node_ && node_->requires_grad; }

void Variable::set_requires_grad(bool on) {
  LB_CHECK(checked(node_).leaf, "variable", "{} is a result, not a leaf", node_->site.str());
  node_->requires_grad = on;
}

bool Variable::has_grad() const { return checked(node_).grad.defined(); }

const Tensor& Variable::grad() const {
  LB_CHECK(has_grad(), "variable", "no gradient at {}: backward() has not reached it", node_->site.str());
  return node_->grad;
}

Tensor& Variable::mutable_grad() {
  grad();
  if (!node_->grad_owned) {
    node_->grad = node_->grad.clone();
    node_->grad_owned = true;
  }
  return node_->grad;
}

void Variable::set_grad(const Tensor& grad) {
  clear_grad();
  node_->accumulate(grad);
}

void Variable::clear_grad() {
  checked(node_);
  node_->grad = {};
  node_->grad_owned = false;
}

void Variable::backward() const {
  LB_CHECK(value().numel() == 1, "backward", "needs a scalar, got {}; give the gradient of a larger result",
           shape().str());
  Tensor one = Tensor::from<float>(Shape{1}, {1.0f}).to(dtype()).reshape(shape());
  backward(one);
}

void Variable::backward(const Tensor& dy) const {
  LB_CHECK(requires_grad(), "backward", "{} depends on nothing that needs a gradient", checked(node_).site.str());
  LB_CHECK(node_->leaf || node_->backward, "backward", "the graph below {} has run already; record it again",
           node_->site.str());
  node_->accumulate(node_->grad_exponent == 0 ? dy : ops::scale(dy, std::ldexp(1.0, node_->grad_exponent)));
  std::vector<NodePtr> order = consumers_first(node_);
  for (NodePtr& node : order) {
    if (!node->leaf) {
      const Tensor grad = std::exchange(node->grad, Tensor());
      GradSink sink(*node);
      if (grad.defined()) {
        node->backward(grad, sink);
        Profiler::mark(node->site, "backward");
      }
      node->backward = nullptr;  // what the op saved goes now, values of producers as soon as they have run
      node->inputs.clear();
    }
    node.reset();
  }
}

Variable Variable::detach() const { return Variable(value(), false); }

const Site& Variable::site() const { return checked(node_).site; }

Variable record(std::string_view name, Tensor y, const std::vector<Variable>& inputs, Backward fn, SourceLine at) {
  Variable result(std::move(y));
  Node& node = *result.node_;
  node.site = {current_site_path(), name, at};
  Profiler::mark(node.site, "forward");
  if (FiniteCheck::active()) FiniteCheck::examine(node.value, node.site, "result");
  ResultProbe::show(node.site, node.value);
  const bool needed =
      grad_enabled() && std::any_of(inputs.begin(), inputs.end(), [](const Variable& v) { return v.requires_grad(); });
  if (!needed) return result;
  node.requires_grad = true;
  node.leaf = false;
  if (node.value.shape().rank() > 0) node.grad_exponent = site_precision(node.value.dtype()).grad_exponent;
  node.backward = std::move(fn);
  node.inputs.reserve(inputs.size());
  for (const Variable& input : inputs) node.inputs.push_back(input.node_);
  return result;
}

std::string dump_graph(const Variable& root) {
  checked(root.node_);
  std::vector<NodePtr> order = consumers_first(root.node_);
  std::reverse(order.begin(), order.end());
  std::unordered_map<const Node*, size_t> number;
  std::string text;
  for (const NodePtr& node : order) {
    const size_t index = number.size();
    number[node.get()] = index;
    text += fmt::format("{:4}  {}  {} {}  {} B ", index, node->site.str(), to_string(node->value.dtype()),
                        node->value.shape().str(), node->value.bytes());
    for (const auto& input : node->inputs)
      text += input && number.count(input.get()) ? fmt::format(" {}", number[input.get()]) : std::string(" -");
    text += '\n';
  }
  return text;
}

}  // namespace lowbit
