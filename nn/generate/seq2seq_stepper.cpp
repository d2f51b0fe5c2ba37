#include "nn/generate/seq2seq_stepper.h"

#include "autograd/grad_mode.h"
#include "core/ops/copy.h"

namespace lowbit {

GenerationConfig generation_for(const TransformerConfig& model, GenerationConfig config) {
  config.decoder_start = model.decoder_start;
  config.eos = model.eos;
  config.pad = model.pad;
  config.unk = model.unk;
  config.max_positions = model.max_positions;
  return config;
}

Seq2SeqStepper::Seq2SeqStepper(Seq2Seq& model, const Tensor& source, const Tensor& visible) : model_(model) {
  GradMode off(false);
  memory_ = model_.encoder().forward(source, visible, {});
}

Tensor Seq2SeqStepper::step(const std::vector<int32_t>& tokens) {
  GradMode off(false);
  const int64_t rows = static_cast<int64_t>(tokens.size());
  const Variable states = model_.decoder().step(Tensor::from(Shape{rows, 1}, tokens), memory_, cache_, {});
  const Tensor logits = model_.logits(states, {}).value().reshape({rows, model_.config().vocab});
  return logits.to(compute_type(logits.dtype()));
}

void Seq2SeqStepper::reorder(const std::vector<int32_t>& source) {
  cache_.reorder(source);
  memory_.states = Variable(ops::index_select(memory_.states.value(), source));
  memory_.mask.key_visible = ops::index_select(memory_.mask.key_visible, source);
}

}  // namespace lowbit
