#include "apps/lib/trace/trace.h"

#include <algorithm>

#include "autograd/functions/elementwise.h"
#include "autograd/functions/loss.h"
#include "autograd/functions/shape.h"
#include "autograd/grad_mode.h"
#include "autograd/result_probe.h"
#include "core/error.h"
#include "core/ops/matmul.h"
#include "nn/checkpoint/hf_names.h"

namespace lowbit {
namespace {

constexpr int32_t kNotCounted = -100;

/// The tensors of the request, checked.
class Inputs {
 public:
  Inputs(const StateDict& state, const std::string& where) : state_(state), where_(where) {}

  bool has(const std::string& name) const { return state_.tensors.count(name) > 0; }

  /// The tensor as i32, every element from `low` to `high`, or `other`. `shape`: what it must have; undefined axes are
  /// any.
  Tensor ids(const std::string& name, int64_t low, int64_t high, int64_t other) const {
    std::vector<int32_t> ids;
    for (const int64_t id : matrix(name).to_vector<int64_t>()) {
      if ((id < low || id > high) && id != other) refuse(name, "holds {}, which is outside {} to {}", id, low, high);
      ids.push_back(static_cast<int32_t>(id));
    }
    return Tensor::from(matrix(name).shape(), ids);
  }

  void expect_shape(const std::string& name, const Shape& shape) const {
    if (matrix(name).shape() != shape) refuse(name, "has shape {}, not {}", matrix(name).shape().str(), shape.str());
  }

  template <class... Args>
  [[noreturn]] void refuse(const std::string& name, fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::data, "trace", "{}: {} {}", where_, name, fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  const Tensor& matrix(const std::string& name) const {
    const auto found = state_.tensors.find(name);
    if (found == state_.tensors.end()) refuse(name, "is missing");
    const Tensor& tensor = found->second;
    if (tensor.dtype() != DType::i64 || tensor.shape().rank() != 2 || tensor.numel() == 0)
      refuse(name, "is {} {}, a filled i64 matrix is needed", to_string(tensor.dtype()), tensor.shape().str());
    return tensor;
  }

  const StateDict& state_;
  const std::string& where_;
};

/// u8, 1 where the mask is.
Tensor visible(const Tensor& mask) {
  std::vector<uint8_t> bytes;
  for (const int32_t m : mask.to_vector<int32_t>()) bytes.push_back(m != 0);
  return Tensor::from(mask.shape(), bytes);
}

/// Collects results by site.
class SiteWriter {
 public:
  SiteWriter(const Glob& glob, StateDict& out) : glob_(glob), out_(out) {}

  void write(const Site& site, const Tensor& value) {
    const std::string name = fmt::format("{}/{}", site.path ? *site.path : "", site.op);
    if (!glob_.matches(name)) return;
    const int count = ++seen_[name];
    out_.tensors[count == 1 ? name : fmt::format("{}#{}", name, count)] = value.clone();
  }

 private:
  const Glob& glob_;
  StateDict& out_;
  std::map<std::string, int> seen_;
};

void write_grads(Seq2Seq& model, StateDict& out) {
  model.each_parameter([&](const std::string& path, Parameter& parameter) {
    if (!parameter.value.requires_grad()) return;
    Tensor grad = parameter.value.has_grad() ? parameter.value.grad().clone()
                                             : Tensor::zeros(parameter.value.shape(), parameter.value.dtype());
    out.tensors["grad." + hf_name(path)] = grad;
  });
  model.clear_grads();
}

}  // namespace

StateDict trace(Seq2Seq& model, const StateDict& state, const TraceOptions& options, const std::string& where) {
  const ops::MatmulPrecisionScope exact(ops::MatmulPrecision::f32);
  const GradMode recording(options.grads);
  const Inputs inputs(state, where);
  const int64_t last = model.config().vocab - 1;
  const Tensor source = inputs.ids("input_ids", 0, last, 0), target = inputs.ids("decoder_input_ids", 0, last, 0);
  if (target.shape()[0] != source.shape()[0])
    inputs.refuse("decoder_input_ids", "has {} rows, input_ids {}", target.shape()[0], source.shape()[0]);
  Tensor mask;
  if (inputs.has("attention_mask")) {
    inputs.expect_shape("attention_mask", source.shape());
    mask = visible(inputs.ids("attention_mask", 0, 1, 0));
  }
  Tensor labels;
  if (options.grads || inputs.has("labels")) {
    labels = inputs.ids("labels", 0, last, kNotCounted);
    inputs.expect_shape("labels", target.shape());
  }

  StateDict out;
  std::optional<SiteWriter> writer;
  std::optional<ResultProbe> probe;
  if (options.sites) {
    writer.emplace(*options.sites, out);
    probe.emplace([&](const Site& site, const Tensor& value) { writer->write(site, value); });
  }
  const EncoderOutput memory = model.encoder().forward(source, mask, {});
  const Variable logits = model.logits(model.decoder().forward(target, memory, {}), {});
  out.tensors["encoder_last_hidden_state"] = memory.states.value();
  out.tensors["logits"] = logits.value();
  if (!labels.defined()) return out;

  CrossEntropyStats stats;
  const Variable sum = cross_entropy(reshape(logits, {logits.shape().rows(), logits.shape().last()}),
                                     labels.reshape({labels.numel()}), 0, kNotCounted, &stats);
  if (stats.tokens == 0) inputs.refuse("labels", "counts no token: all are {}", kNotCounted);
  const Variable loss = scale(sum, 1 / static_cast<double>(stats.tokens));
  out.tensors["loss"] = loss.value().reshape({});
  if (!options.grads) return out;
  loss.backward();
  write_grads(model, out);
  return out;
}

}  // namespace lowbit
