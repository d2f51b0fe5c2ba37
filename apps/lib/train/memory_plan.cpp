#include "apps/lib/train/memory_plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "autograd/profiler.h"
#include "core/allocator.h"
#include "nn/module_state.h"

namespace lowbit {
namespace {

/// "encoder.layers.0" of "encoder.layers.0.fc1"; the first name where there are no layers; empty between modules.
std::string layer_of(const ProfileEvent& event) {
  if (!event.path || event.path->empty()) return {};
  const std::string_view path = *event.path;
  constexpr std::string_view kLayers = ".layers.";
  const size_t layers = path.find(kLayers);
  const size_t end = path.find('.', layers == path.npos ? 0 : layers + kLayers.size());
  return std::string(path.substr(0, end));
}

std::string name_of(const ProfileEvent& event) {
  const std::string op = fmt::format("{} {}", event.op, event.phase);
  return event.path && !event.path->empty() ? fmt::format("{}/{}", *event.path, op) : op;
}

size_t bytes_of(const StateDict& state) {
  size_t bytes = 0;
  for (const auto& [name, tensor] : state.tensors) bytes += tensor.bytes();
  return bytes;
}

}  // namespace

MemoryPlan measure_memory(Module& model, const Optimizer& optimizer, const std::function<void()>& update) {
  update();
  Allocator& memory = allocator({});
  memory.reset_peak();
  const size_t resident = memory.bytes_in_use();
  const Profiler profiler;
  update();

  MemoryPlan plan;
  plan.parameters = bytes_of(module_state(model));
  plan.gradients = static_cast<size_t>(model.parameter_count()) * sizeof(float);  // f32, of halves too
  plan.optimizer = bytes_of(optimizer.state());
  plan.others = resident - std::min(resident, plan.parameters + plan.optimizer);
  plan.peak = memory.bytes_peak();

  // The loss goes backward through its chunks before the forward pass ends.
  const auto& events = profiler.events();
  const auto last = std::find_if(events.rbegin(), events.rend(), [](const auto& e) { return e.phase == "forward"; });
  size_t before = resident;
  std::string layer_before;
  for (const ProfileEvent& event : events) {
    if (&event <= &*last && event.bytes_in_use != before) {
      std::string layer = layer_of(event);
      if (layer.empty()) layer = event.bytes_in_use < before ? layer_before : "between modules";  // it gives back
      layer_before = layer;
      const auto found =
          std::find_if(plan.saved.begin(), plan.saved.end(), [&](const auto& entry) { return entry.first == layer; });
      size_t& bytes = found == plan.saved.end() ? plan.saved.emplace_back(layer, 0).second : found->second;
      bytes += event.bytes_in_use - before;  // modulo 2^64: what is given back is subtracted
    }
    before = event.bytes_in_use;
    if (plan.peak_at.empty() && event.bytes_peak == plan.peak) plan.peak_at = name_of(event);
  }
  return plan;
}

std::string to_text(const MemoryPlan& plan) {
  std::string text;
  const auto line = [&](std::string_view name, size_t bytes, std::string_view note = {}) {
    text +=
        fmt::format("{:<36} {:>9.1f} MiB  {}\n", name, static_cast<double>(static_cast<int64_t>(bytes)) / 0x1p20, note);
  };
  line("parameters", plan.parameters, "always");
  line("optimizer", plan.optimizer, "always");
  line("codes, teacher, averages", plan.others, "always");
  size_t saved = 0;
  for (const auto& [layer, bytes] : plan.saved) saved += bytes;
  line("saved for backward", saved, "at the end of a forward pass");
  for (const auto& [layer, bytes] : plan.saved)
    if (bytes != 0) line("  " + layer, bytes);
  line("gradients", plan.gradients, "at the end of a backward pass");
  const size_t named = plan.parameters + plan.optimizer + plan.others + saved;
  if (plan.peak > named)
    line("working memory, logits", plan.peak - named, "at the peak, beside what stays and is saved");
  line("peak", plan.peak, "at " + plan.peak_at);
  return text;
}

}  // namespace lowbit
