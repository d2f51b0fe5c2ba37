#include "optim/optimizer.h"

#include "core/error.h"
#include "core/ops/elementwise.h"
#include "core/random.h"

namespace lowbit {
namespace {

constexpr const char* kKindKey = "optimizer";

}  // namespace

Optimizer::Optimizer(std::string kind, std::vector<std::string> moment_names, std::vector<ParamGroup> groups)
    : kind_(std::move(kind)), moment_names_(std::move(moment_names)), groups_(std::move(groups)) {
  for (const ParamGroup& group : groups_)
    for (const NamedParameter& parameter : group.parameters) {
      LB_CHECK(compute_type(parameter.value.dtype()) == DType::f32, "optimizer", "{} is {}; optimizers work in f32",
               parameter.path, to_string(parameter.value.dtype()));
      Entry& entry = entries_.emplace_back(Entry{parameter, group.lr_scale, group.weight_decay, {}});
      for (size_t i = 0; i < moment_names_.size(); ++i) entry.moments.push_back(Tensor::zeros(parameter.value.shape()));
    }
}

void Optimizer::step(double lr, double grad_scale) {
  for (size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    Variable& variable = entry.parameter.value;
    if (!variable.has_grad()) continue;
    Tensor& stored = variable.mutable_value();
    Tensor master = stored.to(DType::f32);  // the parameter itself when it is f32
    update(
        {master, variable.grad(), entry.moments, ++entry.updates, lr * entry.lr_scale, entry.weight_decay, grad_scale});
    if (stored.dtype() == DType::bf16 && rounding_seed_)
      ops::round_into_(stored, master,
                       philox_key(philox_key(*rounding_seed_, static_cast<uint64_t>(entry.updates)), i));
    else if (stored.dtype() != DType::f32)
      ops::round_into_(stored, master);
  }
}

void Optimizer::clear_grads() {
  for (Entry& entry : entries_) entry.parameter.value.clear_grad();
}

StateDict Optimizer::state() const {
  StateDict state;
  state.metadata[kKindKey] = kind_;
  for (const Entry& entry : entries_) {
    const std::string prefix = entry.parameter.path + ".";
    state.tensors[prefix + "updates"] = Tensor::from<int64_t>(Shape(), {entry.updates});
    for (size_t i = 0; i < moment_names_.size(); ++i) state.tensors[prefix + moment_names_[i]] = entry.moments[i];
  }
  return state;
}

void Optimizer::load_state(const StateDict& state) {
  const auto kind = state.metadata.find(kKindKey);
  const std::string saved = kind == state.metadata.end() ? "an unknown optimizer" : kind->second;
  LB_REQUIRE(saved == kind_, ErrorKind::model, "optimizer", "the saved state is of {}, this run uses {}", saved, kind_);
  std::vector<Entry> loaded = entries_;
  for (Entry& entry : loaded) {
    const std::string prefix = entry.parameter.path + ".";
    entry.updates = *take_tensor(state, prefix + "updates", Shape(), DType::i64).data<int64_t>();
    for (size_t i = 0; i < moment_names_.size(); ++i)
      entry.moments[i] =
          take_tensor(state, prefix + moment_names_[i], entry.parameter.value.shape(), DType::f32).clone();
  }
  check_tensor_count(state, loaded.size() * (1 + moment_names_.size()));
  entries_ = std::move(loaded);  // only now: a refused state changes nothing
}

}  // namespace lowbit
