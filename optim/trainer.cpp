#include "optim/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "autograd/finite_check.h"
#include "autograd/profiler.h"
#include "core/error.h"
#include "optim/clip.h"

namespace lowbit {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Adds the parts of one micro-batch to those of the update, by name.
void add_terms(std::vector<std::pair<std::string, double>>& total,
               const std::vector<std::pair<std::string, double>>& part) {
  for (const auto& [name, value] : part) {
    const auto found = std::find_if(total.begin(), total.end(), [&](const auto& t) { return t.first == name; });
    if (found == total.end())
      total.emplace_back(name, value);
    else
      found->second += value;
  }
}

}  // namespace

Trainer::Trainer(Optimizer& optimizer, std::function<double(int64_t)> schedule, const TrainerConfig& config)
    : optimizer_(optimizer), schedule_(std::move(schedule)), config_(config) {}

StepReport Trainer::update(int64_t updates_done, int64_t micro_batches, const MicroBatch& loss) {
  StepReport report{.update = updates_done + 1, .lr = schedule_(updates_done)};
  optimizer_.clear_grads();
  Profiler::mark("between updates");
  int64_t correct = 0;
  for (int64_t i = 0; i < micro_batches; ++i) {
    const auto start = Clock::now();
    const LossSum micro = loss(i);
    report.forward_s += seconds_since(start);
    const auto middle = Clock::now();
    micro.sum.backward();
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
  const GradNorm norm = global_norm(optimizer_.groups(), per_token);
  Profiler::mark("gradient norm");
  if (!std::isfinite(report.loss)) explain_divergence(report.update, micro_batches, loss, "the loss is not finite");
  if (norm.non_finite > 0)
    explain_divergence(report.update, micro_batches, loss,
                       fmt::format("the gradient of {} is not finite", norm.culprit));
  report.grad_norm = norm.norm;
  report.clip_factor = clip_factor(norm.norm, config_.clip_norm);
  optimizer_.step(report.lr, per_token * report.clip_factor);
  optimizer_.clear_grads();
  Profiler::mark("optimizer");
  report.optimizer_s = seconds_since(start);
  return report;
}

void Trainer::explain_divergence(int64_t update, int64_t micro_batches, const MicroBatch& loss,
                                 const std::string& symptom) {
  optimizer_.clear_grads();
  std::string culprit = "no single op: the values overflowed in a sum over micro-batches";
  try {
    const FiniteCheck check;
    for (int64_t i = 0; i < micro_batches; ++i) loss(i).sum.backward();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::diverged) throw;
    culprit = error.what();
  }
  optimizer_.clear_grads();
  fail(ErrorKind::diverged, "trainer",
       "update {}: {}; first non-finite value: {}. Lower optim.lr, set optim.clip_norm, or resume from an earlier "
       "checkpoint",
       update, symptom, culprit);
}

}  // namespace lowbit
