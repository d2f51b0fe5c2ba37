#include "nn/module.h"

#include <unordered_set>

#include "nn/quant/quantized_weight.h"

namespace lowbit {
namespace {

std::string join(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

}  // namespace

void Module::each_module(const std::function<void(const std::string&, Module&)>& visit) {
  visit("", *this);
  for (auto& [name, child] : children_)
    child->each_module([&, prefix = name](const std::string& path, Module& module) {
      visit(path.empty() ? prefix : join(prefix, path), module);
    });
}

void Module::each_parameter(const std::function<void(const std::string&, Parameter&)>& visit) {
  each_module([&](const std::string& path, Module& module) {
    for (Parameter* parameter : module.parameters_)
      if (parameter->value.defined()) visit(join(path, parameter->name), *parameter);
    for (auto& [name, slot] : module.slots_)
      for (Parameter* parameter : slot->parameters()) visit(join(join(path, name), parameter->name), *parameter);
  });
}

void Module::each_slot(const std::function<void(const std::string&, Slot&)>& visit) {
  each_module([&](const std::string& path, Module& module) {
    for (auto& [name, slot] : module.slots_) visit(join(path, name), *slot);
  });
}

int64_t Module::parameter_count() {
  int64_t count = 0;
  std::unordered_set<const void*> seen;
  each_parameter([&](const std::string&, Parameter& parameter) {
    const Tensor& value = parameter.value.value();
    if (parameter.value.requires_grad() && seen.insert(value.raw()).second) count += value.numel();
  });
  return count;
}

void Module::clear_grads() {
  each_parameter([](const std::string&, Parameter& parameter) { parameter.value.clear_grad(); });
}

Parameter& Module::own(Parameter& parameter) {
  parameters_.push_back(&parameter);
  return parameter;
}

void Module::own(std::string name, Module& child) { children_.emplace_back(std::move(name), &child); }

void Module::own(std::string name, Slot& slot) { slots_.emplace_back(std::move(name), &slot); }

void Module::own(QuantizedWeight& weight) {
  LB_CHECK(!weight_, "module", "{} already owns a weight", weight_->parameter().name);
  weight_ = &weight;
  own(weight.parameter());
  own(weight.parameter().name, weight.slot());
}

void Module::each_weight_codes(const std::function<void(const std::string&, const QTensor&)>& visit) {
  each_module([&](const std::string& path, Module& module) {
    QuantizedWeight* weight = module.weight_;
    if (weight && !weight->slot().empty()) visit(join(path, weight->parameter().name), weight->codes());
  });
}

void Module::freeze() {
  if (weight_) weight_->freeze();
}

void Module::freeze(StoredCodes codes) {
  LB_REQUIRE(weight_, ErrorKind::model, "module", "codes for a module without a weight");
  weight_->freeze(std::move(codes));
}

void freeze_tree(Module& root) {
  root.each_module([](const std::string&, Module& module) { module.freeze(); });
}

}  // namespace lowbit
