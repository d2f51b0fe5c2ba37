#include "apps/lib/bench/bench.h"
#include "apps/lib/bench/bench_model.h"
#include "apps/lib/bench/peak_memory.h"
#include "apps/lib/bench/timing.h"
#include "autograd/precision.h"
#include "core/error.h"
#include "core/ops/matmul.h"
#include "core/random.h"
#include "nn/precision_policy.h"
#include "optim/adam.h"
#include "optim/trainer.h"

namespace lowbit {
namespace {

constexpr double kLearningRate = 1e-4, kSmoothing = 0.1;

}  // namespace

BenchResult bench_train_step(const BenchOptions& options) {
  LB_REQUIRE(!options.teacher || options.recompute == Recompute::nothing, ErrorKind::usage, "bench",
             "--teacher compares probabilities, which --recompute does not keep: leave one of them out");
  const ops::MatmulPrecisionScope precision(options.dtype);
  const std::unique_ptr<Seq2Seq> model = bench_model(options);
  const std::unique_ptr<Seq2Seq> teacher = options.teacher ? bench_float_model(options) : nullptr;
  const Seq2SeqBatch batch = random_batch(model->config(), options.batch, options.src, options.tgt);
  const PolicyRow& policy = row_of(options.precision);
  const PrecisionScope storage{Precision(policy.activations)};
  store_matrices(*model, policy.policy);
  Adam optimizer(group_parameters(*model, {}), {});
  if (policy.stochastic_rounding) optimizer.round_stochastically(1);
  TrainerConfig config;
  if (policy.loss_scaling) config.loss_scaler = loss_scaler_preset("ours");
  Trainer trainer(
      optimizer, [](int64_t) { return kLearningRate; }, config);
  RandomState random{.key = 1};
  const ForwardContext context{.training = true, .random = &random, .recompute = options.recompute};
  const DistillationConfig distillation{.hidden = 1, .attention = 1, .smoothing = kSmoothing};
  const auto objective = [&](int64_t) {
    return teacher ? distillation_objective(*model, *teacher, batch, distillation, context)
                   : cross_entropy_objective(*model, batch, kSmoothing, context);
  };

  const PeakMemory memory;
  BenchResult result{.phases = {{"forward_s", {}}, {"backward_s", {}}, {"optimizer_s", {}}, {"step_s", {}}},
                     .tokens = static_cast<double>(batch.target_tokens)};
  int64_t updates = 0;
  run_rounds(options, [&](bool counts) {
    StepReport step;
    const double whole = seconds_of([&] { step = trainer.update(updates++, 1, objective); });
    if (!counts) return;
    const double seconds[] = {step.forward_s, step.backward_s, step.optimizer_s, whole};
    for (size_t i = 0; i < std::size(seconds); ++i) result.phases[i].seconds.push_back(seconds[i]);
  });
  result.peak_bytes = memory.tensor_bytes();
  result.peak_rss_bytes = memory.resident_bytes();
  return result;
}

}  // namespace lowbit
