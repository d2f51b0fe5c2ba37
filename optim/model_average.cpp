#include "optim/model_average.h"

#include "core/error.h"
#include "nn/module_state.h"
#include "nn/quant/weight_slot.h"

namespace lowbit {
namespace {

/// Filled slots by path.
std::map<std::string, std::string> slots_of(Seq2Seq& model, const std::string& where) {
  std::map<std::string, std::string> slots;
  model.each_slot([&](const std::string& path, Slot& slot) {
    if (slot.empty()) return;
    const auto* weight = dynamic_cast<const WeightSlot*>(&slot);
    LB_REQUIRE(!weight || !weight->frozen(), ErrorKind::usage, "average",
               "{}: {} is packed, and codes have no mean; give the checkpoints that it was exported from", where, path);
    slots[path] = slot.describe();
  });
  return slots;
}

/// What bears on the tensors and on what is computed with them.
TransformerConfig shape_of(TransformerConfig config) {
  config.dropout = config.attention_dropout = config.activation_dropout = 0;
  config.init = WeightInit::none;
  return config;
}

}  // namespace

void ModelAverage::add(Seq2Seq& model, const std::string& where) {
  const TransformerConfig config = shape_of(model.config());
  const std::map<std::string, std::string> slots = slots_of(model, where);
  const StateDict state = module_state(model);
  if (count_++ == 0) {
    config_ = config;
    first_ = where;
    slots_ = slots;
    for (const auto& [path, tensor] : state.tensors) sums_[path].resize(static_cast<size_t>(tensor.numel()));
  }
  for (const auto& [path, quantizer] : slots) {
    const auto found = slots_.find(path);
    LB_REQUIRE(found != slots_.end() && found->second == quantizer, ErrorKind::model, "average",
               "{}: {} holds {}, but {} in {}", where, path, quantizer,
               found == slots_.end() ? "nothing" : found->second, first_);
  }
  for (const auto& [path, quantizer] : slots_)
    LB_REQUIRE(slots.count(path), ErrorKind::model, "average", "{}: {} holds nothing, but {} in {}", where, path,
               quantizer, first_);
  for (const auto& [path, tensor] : state.tensors) {
    const auto found = sums_.find(path);
    LB_REQUIRE(found != sums_.end() && std::ssize(found->second) == tensor.numel(), ErrorKind::model, "average",
               "{}: tensor {} of shape {} has another shape in {}, or is not there", where, path, tensor.shape().str(),
               first_);
  }
  for (const auto& [path, sum] : sums_)
    LB_REQUIRE(state.tensors.count(path), ErrorKind::model, "average", "{}: no tensor {}, which {} has", where, path,
               first_);
  LB_REQUIRE(config == *config_, ErrorKind::model, "average",
             "{}: another architecture than in {}: heads, activation, norms or special ids differ", where, first_);
  for (const auto& [path, tensor] : state.tensors) {
    std::vector<double>& sum = sums_.at(path);
    const Tensor values = tensor.to(DType::f32);
    const auto* x = values.data<float>();
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += double{x[i]};
  }
}

void ModelAverage::put_into(Seq2Seq& model) const {
  LB_CHECK(count_ > 0, "average", "no model was added");
  StateDict means;
  for (const auto& [path, tensor] : module_state(model).tensors) {
    const std::vector<double>& sum = sums_.at(path);
    Tensor mean = Tensor::empty(tensor.shape());
    auto* y = mean.mutable_data<float>();
    for (size_t i = 0; i < sum.size(); ++i) y[i] = static_cast<float>(sum[i] / static_cast<double>(count_));
    means.tensors[path] = mean.to(tensor.dtype());
  }
  load_module_state(model, means);
}

}  // namespace lowbit
