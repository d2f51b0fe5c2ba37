#include "nn/quant/grid_quantizer.h"

#include "autograd/grad_mode.h"

namespace lowbit {

Tensor ScaleRule::parameter_grad(const Tensor&, const Tensor&) const {
  fail(ErrorKind::internal, "quantizer", "a rule without a learned scale has no parameter gradient");
}

GridQuantizer::GridQuantizer(const Config& config, std::unique_ptr<ScaleRule> rule, std::string description)
    : config_(config), rule_(std::move(rule)), description_(std::move(description)) {}

Encoded GridQuantizer::encode(const Tensor& x) const {
  // Without a tape nobody will ask for the mask.
  ops::Encoding encoding = rule_->encode(x, config_.book, config_.per, grad_enabled() ? config_.pass : ops::PassRule{});
  Encoded encoded{std::move(encoding.q), {}, {}, std::move(encoding.counts)};
  if (encoding.pass.defined()) encoded.pass = Saved(std::move(encoding.pass));
  if (rule_->parameter()) encoded.x = Saved(x);
  return encoded;
}

QuantizerGrads GridQuantizer::backward(const Encoded& encoded, const Tensor& dq) const {
  QuantizerGrads grads;
  const Tensor passed = encoded.pass.defined() ? ops::apply_mask(dq, encoded.pass.get()) : dq;
  grads.dx = rule_->through_statistics(passed);
  if (rule_->parameter()) grads.parameters.push_back(rule_->parameter_grad(encoded.x.get(), dq));
  return grads;
}

std::vector<Parameter*> GridQuantizer::parameters() {
  Parameter* learned = rule_->parameter();
  return learned ? std::vector<Parameter*>{learned} : std::vector<Parameter*>{};
}

}  // namespace lowbit
