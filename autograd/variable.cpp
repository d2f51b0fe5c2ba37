#include "autograd/variable.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "autograd/finite_check.h"
#include "autograd/grad_mode.h"
#include "autograd/precision.h"
#include "autograd/profiler.h"
#include "autograd/recompute.h"
#include "autograd/result_probe.h"
#include "core/ops/elementwise.h"

namespace lowbit {

namespace detail {

struct Node {
  Shape shape;  // and type of the value
  DType dtype = DType::f32;
  Tensor grad;
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
  DType grad_type() const { return leaf ? compute_type(dtype) : dtype; }

  /// A gradient of another type is rounded: op and consumer may lie in sites of different storage.
  void accumulate(Tensor given) {
    LB_CHECK(given.shape() == shape && compute_type(given.dtype()) == compute_type(dtype), "tape",
             "gradient {} {} for a value {} {} at {}", to_string(given.dtype()), given.shape().str(), to_string(dtype),
             shape.str(), site.str());
    Tensor dy = given.dtype() == grad_type() ? std::move(given) : given.to(grad_type());
    if (!grad.defined())
      grad = std::move(dy);
    else if (grad.unique())
      ops::add_(grad, dy);
    else
      grad = ops::add(grad, dy);
  }
};

/// What the copies of a variable share.
struct Handle {
  Tensor value;
  std::shared_ptr<Node> node;
  std::function<Tensor()> restore;  // gives value
  std::vector<std::pair<std::string, std::shared_ptr<const void>>> derived;
};

}  // namespace detail

using detail::Node;

namespace {

const detail::Handle& checked(const std::shared_ptr<detail::Handle>& handle) {
  LB_CHECK(handle, "variable", "an undefined variable was used");
  return *handle;
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

void GradSink::add(size_t input, Tensor grad) {
  if (!needs(input)) return;
  if (FiniteCheck::active()) FiniteCheck::examine(grad, node_.site, fmt::format("gradient of input {}", input));
  const int shift = node_.inputs[input]->grad_exponent - node_.grad_exponent;
  node_.inputs[input]->accumulate(shift == 0 ? std::move(grad) : ops::scale(grad, std::ldexp(1.0, shift)));
}

Tensor* GradSink::sum(size_t input) {
  if (!needs(input) || FiniteCheck::active()) return nullptr;
  Node& node = *node_.inputs[input];
  return node.grad.unique() && node.grad_exponent == node_.grad_exponent ? &node.grad : nullptr;
}

int GradSink::held_exponent() const { return node_.grad_exponent; }

Variable::Variable(Tensor value, bool requires_grad) : handle_(std::make_shared<detail::Handle>()) {
  auto node = std::make_shared<Node>();
  if (value.defined()) node->shape = value.shape(), node->dtype = value.dtype();
  node->requires_grad = requires_grad;
  node->site = {current_site_path(), "leaf", {}};
  handle_->value = std::move(value);
  handle_->node = std::move(node);
}

Node& Variable::node() const { return *checked(handle_).node; }

const Tensor& Variable::value() const { return checked(handle_).value; }

Tensor& Variable::mutable_value() {
  LB_CHECK(node().leaf, "variable", "{} is a result, not a leaf: it cannot be written", node().site.str());
  return handle_->value;
}

bool Variable::requires_grad() const { return handle_ && handle_->node->requires_grad; }

void Variable::set_requires_grad(bool on) {
  LB_CHECK(node().leaf, "variable", "{} is a result, not a leaf", node().site.str());
  node().requires_grad = on;
}

void Variable::hold_grad(int exponent) {
  LB_CHECK(node().leaf, "variable", "{} is a result, not a leaf", node().site.str());
  node().grad_exponent = exponent;
}

bool Variable::has_grad() const { return node().grad.defined(); }

const Tensor& Variable::grad() const {
  LB_CHECK(has_grad(), "variable", "no gradient at {}: backward() has not reached it", node().site.str());
  return node().grad;
}

Tensor& Variable::mutable_grad() {
  grad();
  if (!node().grad.unique()) node().grad = node().grad.clone();
  return node().grad;
}

void Variable::set_grad(const Tensor& grad) {
  clear_grad();
  node().accumulate(grad);
}

void Variable::clear_grad() { node().grad = {}; }

void Variable::backward() const {
  LB_CHECK(value().numel() == 1, "backward", "needs a scalar, got {}; give the gradient of a larger result",
           shape().str());
  Tensor one = Tensor::from<float>(Shape{1}, {1.0f}).to(dtype()).reshape(shape());
  backward(one);
}

void Variable::backward(const Tensor& dy, int held) const {
  Node& root = node();
  LB_CHECK(requires_grad(), "backward", "{} depends on nothing that needs a gradient", root.site.str());
  LB_CHECK(root.leaf || root.backward, "backward", "the graph below {} has run already; record it again",
           root.site.str());
  const int shift = root.grad_exponent - held;
  root.accumulate(shift == 0 ? dy : ops::scale(dy, std::ldexp(1.0, shift)));
  std::vector<NodePtr> order = consumers_first(handle_->node);
  for (NodePtr& node : order) {
    if (!node->leaf) {
      const Tensor grad = std::exchange(node->grad, Tensor());
      GradSink sink(*node);
      if (grad.defined()) {
        node->backward(grad, sink);
        Profiler::mark(node->site, "backward");
      }
      node->backward = nullptr;  // what the op saved goes now
      node->inputs.clear();
    }
    node.reset();
  }
}

Variable Variable::detach() const { return Variable(value(), false); }

const Site& Variable::site() const { return node().site; }

void Variable::restore_by(std::function<Tensor()> make) {
  LB_CHECK(!node().leaf, "variable", "{} is a leaf: its value may change", node().site.str());
  handle_->restore = std::move(make);
}

std::shared_ptr<const void>* Variable::derived_slot(const std::string& key) const {
  if (node().leaf) return nullptr;
  for (auto& [name, made] : handle_->derived)
    if (name == key) return &made;
  return &handle_->derived.emplace_back(key, nullptr).second;
}

SavedValue::SavedValue(const Variable& x) : restore_(checked(x.handle_).restore) {
  if (!restore_) value_ = Saved(x.value());
}

Variable record(std::string_view name, Tensor y, const std::vector<Variable>& inputs, Backward fn, SourceLine at) {
  Variable result(std::move(y));
  Node& node = result.node();
  node.site = {current_site_path(), name, at};
  Profiler::mark(node.site, recomputing() ? "recompute" : "forward");
  if (FiniteCheck::active()) FiniteCheck::examine(result.value(), node.site, "result");
  ResultProbe::show(node.site, result.value());
  const bool needed =
      grad_enabled() && std::any_of(inputs.begin(), inputs.end(), [](const Variable& v) { return v.requires_grad(); });
  if (!needed) return result;
  node.requires_grad = true;
  node.leaf = false;
  if (node.shape.rank() > 0) node.grad_exponent = site_precision(node.dtype).grad_exponent;
  node.backward = std::move(fn);
  node.inputs.reserve(inputs.size());
  for (const Variable& input : inputs) node.inputs.push_back(input.handle_ ? input.handle_->node : nullptr);
  return result;
}

std::string dump_graph(const Variable& root) {
  std::vector<NodePtr> order = consumers_first(checked(root.handle_).node);
  std::reverse(order.begin(), order.end());
  std::unordered_map<const Node*, size_t> number;
  std::string text;
  for (const NodePtr& node : order) {
    const size_t index = number.size();
    number[node.get()] = index;
    text += fmt::format("{:4}  {}  {} {}  {} B ", index, node->site.str(), to_string(node->dtype), node->shape.str(),
                        static_cast<size_t>(node->shape.numel()) * size_of(node->dtype));
    for (const auto& input : node->inputs)
      text += input && number.count(input.get()) ? fmt::format(" {}", number[input.get()]) : std::string(" -");
    text += '\n';
  }
  return text;
}

}  // namespace lowbit
