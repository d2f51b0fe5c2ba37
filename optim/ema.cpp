#include "optim/ema.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/ops/elementwise.h"
#include "core/ops/optimizer.h"

namespace lowbit {

namespace {

Tensor f32_copy(const Tensor& x) { return x.dtype() == DType::f32 ? x.clone() : x.to(DType::f32); }

}  // namespace

Ema::Ema(const std::vector<ParamGroup>& groups, const EmaConfig& config) : config_(config) {
  LB_REQUIRE(config.decay >= 0 && config.decay < 1 && config.every >= 1, ErrorKind::usage, "ema",
             "decay must be in [0, 1) and every at least 1, got {} and {}", config.decay, config.every);
  for (const ParamGroup& group : groups)
    for (const NamedParameter& parameter : group.parameters)
      entries_.push_back({parameter, f32_copy(parameter.value.value()), {}});
}

void Ema::update(int64_t updates) {
  LB_CHECK(!swapped_, "ema", "the averages are in the model: end the EmaScope before training goes on");
  if (updates % config_.every != 0) return;
  const double decay = updates <= config_.start_update ? 0 : config_.decay;
  for (Entry& entry : entries_)
    ops::moving_average_(entry.average, entry.parameter.value.value().to(DType::f32), decay);
}

StateDict Ema::state() const {
  LB_CHECK(!swapped_, "ema", "the averages are in the model: end the EmaScope before saving");
  StateDict state;
  for (const Entry& entry : entries_) state.tensors[entry.parameter.path] = entry.average;
  return state;
}

void Ema::load_state(const StateDict& state) {
  LB_CHECK(!swapped_, "ema", "the averages are in the model: end the EmaScope before loading");
  std::vector<Entry> loaded = entries_;
  for (Entry& entry : loaded)
    entry.average = take_tensor(state, entry.parameter.path, entry.average.shape(), entry.average.dtype()).clone();
  check_tensor_count(state, loaded.size());
  entries_ = std::move(loaded);
}

/// In place, so that whoever cached codes of a parameter sees its version change.
void Ema::swap() {
  for (Entry& entry : entries_) {
    Tensor& value = entry.parameter.value.mutable_value();
    if (value.dtype() != DType::f32) {
      if (!swapped_) entry.set_aside = value.clone();
      ops::round_into_(value, swapped_ ? std::exchange(entry.set_aside, Tensor()) : entry.average);
      continue;
    }
    float* averages = entry.average.mutable_data<float>();
    std::swap_ranges(averages, averages + value.numel(), value.mutable_data<float>());
  }
  swapped_ = !swapped_;
}

}  // namespace lowbit
