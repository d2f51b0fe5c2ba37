#include "optim/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "autograd/finite_check.h"
#include "autograd/loss_scale.h"
#include "autograd/profiler.h"
#include "core/error.h"
#include "core/ops/elementwise.h"
#include "optim/clip.h"

namespace lowbit {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Adds the parts of one micro-batch to those of the update, by name.
void add_terms(std::vector<std::pair<std::string, double>>& total,
               const std::vector<std::pair<std::string, double>>& part) {
  for (const auto& [name, value] : part) {
    const auto found =
        std::find_if(total.begin(), total.end(), [&name = name](const auto& t) { return t.first == name; });
    if (found == total.end())
      total.emplace_back(name, value);
    else
      found->second += value;
  }
}

}  // namespace

Trainer::Trainer(Optimizer& optimizer, std::function<double(int64_t)> schedule, const TrainerConfig& config)
    : optimizer_(optimizer), schedule_(std::move(schedule)), config_(config) {
  if (config.loss_scaler) scaler_.emplace(*config.loss_scaler);
}

void Trainer::backward(const LossSum& micro) const {
  micro.sum.backward(ops::full(micro.sum.shape(), loss_scale(), micro.sum.dtype()));
}

StepReport Trainer::update(int64_t updates_done, int64_t micro_batches, const MicroBatch& loss) {
  const LossScaleScope scale(scaler_ ? scaler_->scale() : 1);
  StepReport report{.loss_scale = loss_scale(), .update = updates_done + 1, .lr = schedule_(updates_done)};
  optimizer_.clear_grads();
  Profiler::mark("between updates");
  int64_t correct = 0;
  for (int64_t i = 0; i < micro_batches; ++i) {
    const auto start = Clock::now();
    const LossSum micro = loss(i);
    report.forward_s += seconds_since(start);
    const auto middle = Clock::now();
    backward(micro);
    report.backward_s += seconds_since(middle);
    report.loss += micro.sum.value().item();
    report.nll += micro.nll;
    report.tokens += micro.tokens;
    correct += micro.correct;
    add_terms(report.terms, micro.terms);
  }
  const auto start = Clock::now();
  const double per_token = 1 / static_cast<double>(report.tokens);
  report.loss *= per_token;
  report.nll *= per_token;
  report.accuracy = static_cast<double>(correct) * per_token;
  for (auto& [name, value] : report.terms) value *= per_token;
  const double unscale = per_token / report.loss_scale;
  GradNorm norm = global_norm(optimizer_.groups(), unscale);
  Profiler::mark("gradient norm");
  std::string symptom;
  if (!std::isfinite(report.loss))
    symptom = "the loss is not finite";
  else if (norm.non_finite > 0)
    symptom = fmt::format("the gradient of {} is not finite", norm.culprit);
  if (scaler_) {
    const LossScaler::Outcome outcome = scaler_->on_attempt(!symptom.empty());
    report.skipped = outcome == LossScaler::Outcome::skip;
    if (outcome == LossScaler::Outcome::floor)
      symptom += fmt::format(", and the loss scale 2^{} is at its floor", std::ilogb(report.loss_scale));
    if (outcome == LossScaler::Outcome::stuck) symptom += ", as in 32 of the last 64 attempts";
    if (outcome == LossScaler::Outcome::step && norm.non_finite > 0) {
      prune_gradients(optimizer_.groups());
      norm = global_norm(optimizer_.groups(), unscale);
      symptom.clear();
    }
  }
  if (report.skipped) {
    optimizer_.clear_grads();
    return report;
  }
  if (!symptom.empty()) explain_divergence(report.update, micro_batches, loss, symptom);
  report.grad_norm = norm.norm;
  report.clip_factor = clip_factor(norm.norm, config_.clip_norm);
  optimizer_.step(report.lr, unscale * report.clip_factor);
  optimizer_.clear_grads();
  Profiler::mark("optimizer");
  report.optimizer_s = seconds_since(start);
  return report;
}

std::string Trainer::first_non_finite(double scale, int64_t micro_batches, const MicroBatch& loss) {
  const LossScaleScope scope(scale);
  std::string culprit;
  optimizer_.clear_grads();
  try {
    const FiniteCheck check;
    for (int64_t i = 0; i < micro_batches; ++i) backward(loss(i));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::diverged) throw;
    culprit = error.what();
  }
  optimizer_.clear_grads();
  return culprit;
}

void Trainer::explain_divergence(int64_t update, int64_t micro_batches, const MicroBatch& loss,
                                 const std::string& symptom) {
  std::string culprit = first_non_finite(loss_scale(), micro_batches, loss);
  if (culprit.empty()) culprit = "no single op: the values overflowed in a sum over micro-batches";
  std::string advice = "Lower optim.lr, set optim.clip_norm, or resume from an earlier checkpoint";
  if (scaler_) {
    const bool independent = !first_non_finite(loss_scale() / 1024, micro_batches, loss).empty();
    advice = independent
                 ? "The same at 1/1024 of the loss scale: lowering that does not help; store this site in f32 "
                   "(precision.sites), lower its precision.exponents if it has any, lower optim.lr, or resume from an "
                   "earlier checkpoint"
                 : "Finite at 1/1024 of the loss scale: let it fall further (loss_scale.min, loss_scale.preset)";
  }
  fail(ErrorKind::diverged, "trainer", "update {}: {}; first non-finite value: {}. {}", update, symptom, culprit,
       advice);
}

}  // namespace lowbit
