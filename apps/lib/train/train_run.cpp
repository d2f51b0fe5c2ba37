#include "apps/lib/train/train_run.h"

#include <omp.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "apps/lib/log/log.h"
#include "apps/lib/log/metrics.h"
#include "apps/lib/log/train_line.h"
#include "apps/lib/model/batch_tensors.h"
#include "apps/lib/model/evaluate.h"
#include "apps/lib/model/generation_options.h"
#include "apps/lib/model/model_folder.h"
#include "apps/lib/profile/profile_window.h"
#include "apps/lib/program/output.h"
#include "apps/lib/program/signals.h"
#include "apps/lib/run/run_folder.h"
#include "apps/lib/tensorboard/tensorboard.h"
#include "apps/lib/train/cost_clock.h"
#include "apps/lib/train/level_stats.h"
#include "apps/lib/train/memory_plan.h"
#include "apps/lib/train/meter.h"
#include "apps/lib/train/resume.h"
#include "apps/lib/train/start_model.h"
#include "apps/lib/train/text_task.h"
#include "core/allocator.h"
#include "core/error.h"
#include "data/batch/prefetch.h"
#include "data/denoise/denoising.h"
#include "nn/model_state.h"
#include "optim/checkpoint_store.h"
#include "optim/ema.h"
#include "optim/sgd.h"
#include "optim/trainer.h"

namespace lowbit {
namespace {

using Record = nlohmann::ordered_json;

std::unique_ptr<Optimizer> make_optimizer(Module& model, const OptimOptions& options) {
  std::vector<ParamGroup> groups =
      group_parameters(model, {.weight_decay = options.weight_decay, .quantizer_lr_scale = options.quantizer_lr_scale});
  if (options.kind == OptimizerKind::sgd)
    return std::make_unique<Sgd>(std::move(groups), SgdConfig{.momentum = options.momentum});
  AdamConfig config = options.adam;
  config.decay = options.kind == OptimizerKind::adam ? WeightDecay::l2 : WeightDecay::decoupled;
  return std::make_unique<Adam>(std::move(groups), config);
}

Overlong overlong_of(const DataOptions& options) {
  return options.truncate_source ? Overlong::truncate_source : Overlong::drop;
}

BatcherOptions batching(const TrainOptions& options, const TransformerConfig& model) {
  return {.max_tokens = options.data.max_tokens,
          .max_source = std::min(options.data.max_length, model.max_positions),
          .max_target = std::min(options.data.max_length, model.max_positions),
          .overlong = overlong_of(options.data),
          .seed = static_cast<uint64_t>(options.seed),
          .start_id = model.decoder_start};
}

constexpr const char* kLossScalerKey = "loss_scaler";  // of TrainState::extra

constexpr int64_t kLevelsInterval = 100;  // updates; a look costs about as much as quantizing the weights once

void append_line(const std::string& path, const std::string& line) {
  std::ofstream file(path, std::ios::app);
  file << line << std::endl;
  LB_REQUIRE(file, ErrorKind::data, path, "cannot be written");
}

/// One run from its folder to its last checkpoint.
class TrainRun {
 public:
  /// Makes everything and goes back to the last checkpoint if the folder has one, which is unchanged if that fails.
  TrainRun(const TrainOptions& options, const RunFolder& folder);
  /// The last update is done, or patience is over.
  bool has_ended() const {
    return state_.updates >= options_.max_update ||
           (options_.valid.patience > 0 && state_.stalled >= options_.valid.patience);
  }
  int run();
  /// Prints where the memory of an update on the largest batch goes. The run is of no use for training after it.
  void print_memory_plan();

 private:
  void restore();
  int train_to_the_end();
  StepReport step();
  /// One attempt at an update on these micro-batches.
  StepReport attempt(const std::vector<Seq2SeqBatch>& micro);
  void report_step(const StepReport& report, Progress& progress);
  void validate();
  void save();
  void write(Record record);
  Record interval_record() const;
  void write_interval();  ///< what was trained since the last log interval, if anything
  void write_levels();
  bool due(int64_t interval) const {
    return interval > 0 ? state_.updates % interval == 0 : batches_->position() % batches_->batches_per_epoch() == 0;
  }
  /// From 1, of the batch that was trained on last.
  int64_t epoch() const { return std::max<int64_t>(batches_->position() - 1, 0) / batches_->batches_per_epoch() + 1; }
  double wall_s() const { return seconds_since(start_); }

  const TrainOptions& options_;
  const RunFolder& folder_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  TextTask task_;
  std::unique_ptr<Seq2Seq> teacher_, model_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<Ema> ema_;
  std::unique_ptr<BatchSource> batches_;
  std::unique_ptr<Trainer> trainer_;
  std::unique_ptr<PrecisionScope> precision_;
  CheckpointStore checkpoints_;
  TrainState state_;
  std::unique_ptr<MetricsWriter> metrics_;
  std::unique_ptr<TensorBoard> tensorboard_;
  LevelStats levels_;
  CostClock cost_;
  ProfileWindow profile_;
  Meter meter_;
  int64_t levels_update_ = 0;  ///< of the last look
  bool told_left_out_ = false;
};

TrainRun::TrainRun(const TrainOptions& options, const RunFolder& folder)
    : options_(options),
      folder_(folder),
      task_(load_text_task(options)),
      checkpoints_(folder.path(), {.last = options.save.keep_last,
                                   .best = options.save.keep_best,
                                   .higher_is_better = options.valid.metric == "bleu"}),
      profile_(folder.path(), options.profile_updates) {
  if (!options.teacher.model.empty())
    teacher_ = load_for(*task_.tokenizer, options.teacher.model, options.data.languages).model;
  model_ = start_model(options, *task_.tokenizer, teacher_.get());
  const Precision precision = precision_of(options.precision);
  check_patterns(precision, *model_);
  precision_ = std::make_unique<PrecisionScope>(precision);
  store_matrices(*model_, options.precision.policy);
  optimizer_ = make_optimizer(*model_, options.optim);
  if (row_of(options.precision.policy).stochastic_rounding)
    optimizer_->round_stochastically(static_cast<uint64_t>(options.seed));
  if (options.optim.ema_decay > 0)
    ema_ = std::make_unique<Ema>(optimizer_->groups(), EmaConfig{.decay = options.optim.ema_decay});
  auto batcher = std::make_unique<Batcher>(task_.train, batching(options, model_->config()));
  if (const std::string skipped = batcher->describe_overlong(); !skipped.empty()) log_warning("{}", skipped);
  if (task_.noise)
    batches_ = std::make_unique<Denoising>(std::move(batcher), *task_.noise, static_cast<uint64_t>(options.seed),
                                           options.denoise.tokens_per_sample, task_.tokenizer->special_ids());
  else
    batches_ = std::move(batcher);
  if (options.data.prefetch > 0) batches_ = std::make_unique<Prefetch>(std::move(batches_), options.data.prefetch);
  const Schedule schedule(schedule_of(options, model_->config().dim));
  trainer_ = std::make_unique<Trainer>(
      *optimizer_, schedule,
      TrainerConfig{.clip_norm = options.optim.clip_norm,
                    .loss_scaler = loss_scaler_of(options.precision, options.loss_scale, options.optim.update_freq)});
  state_.random.key = static_cast<uint64_t>(options.seed);
  state_.data.seed = static_cast<uint64_t>(options.seed);
  state_.data.fingerprint = fmt::format("{:016x}", task_.train.fingerprint());
  log_info("{} parameters, {} batches an epoch", model_->parameter_count(), batches_->batches_per_epoch());
  restore();
  task_.tokenizer->save(folder.path());  // after restore() has refused another run's folder
  keep_search(options, model_->config(), folder.path());
}

StepReport TrainRun::attempt(const std::vector<Seq2SeqBatch>& micro) {
  const RandomState before = state_.random;
  return trainer_->update(state_.updates, std::ssize(micro), [&](int64_t i) {
    if (i == 0) state_.random = before;  // whoever looks at a batch again must see the same dropout
    const ForwardContext ctx{.training = true, .random = &state_.random, .recompute = options_.recompute};
    const Seq2SeqBatch& batch = micro[static_cast<size_t>(i)];
    if (!teacher_) return cross_entropy_objective(*model_, batch, options_.label_smoothing, ctx);
    return distillation_objective(*model_, *teacher_, batch, distillation_of(options_), ctx);
  });
}

void TrainRun::print_memory_plan() {
  Batch largest;
  const auto size = [](const Batch& b) { return b.rows * (b.source_length + b.target_length); };
  for (int64_t i = 0; i < batches_->batches_per_epoch(); ++i)
    if (Batch batch = batches_->next(); size(batch) > size(largest)) largest = std::move(batch);
  const std::vector<Seq2SeqBatch> micro(static_cast<size_t>(options_.optim.update_freq), to_tensors(largest));
  const MemoryPlan plan = measure_memory(*model_, *optimizer_, [&] { attempt(micro); });
  write_output(fmt::format("memory of an update on the largest batch: {} rows of {} source and {} target tokens\n{}",
                           largest.rows, largest.source_length, largest.target_length, to_text(plan)));
  flush_output();
}

StepReport TrainRun::step() {
  std::vector<Seq2SeqBatch> micro;
  cost_.time("data", [&] {
    for (int64_t i = 0; i < options_.optim.update_freq; ++i) micro.push_back(to_tensors(batches_->next()));
  });
  StepReport report;
  for (int64_t tries = 0;; ++tries) {
    ++state_.attempts;
    report = attempt(micro);
    cost_.add("forward", report.forward_s);
    cost_.add("backward", report.backward_s);
    cost_.add("optimizer", report.optimizer_s);
    if (!report.skipped) break;
    ++state_.skipped;
    log_warning("attempt {}: gradient overflow, update {} skipped, loss scale {} -> {}", state_.attempts, report.update,
                loss_scale_text(report.loss_scale), loss_scale_text(trainer_->loss_scaler()->scale()));
    if (tries == options_.loss_scale.retry || stop_requested()) return report;
  }
  ++state_.updates;
  if (ema_) ema_->update(state_.updates);
  profile_.update_done();
  return report;
}

void TrainRun::write(Record record) {
  record["update"] = state_.updates;
  record["epoch"] = epoch();
  record["time"] = unix_seconds();
  metrics_->write(record);
  if (record["kind"] != "start") tensorboard_->add(record);  // which says when and how, not how well
}

void TrainRun::report_step(const StepReport& report, Progress& progress) {
  meter_.add(report);
  progress.advance(state_.updates, [&] { return interval_record(); });
  if (state_.updates % options_.log.interval == 0 || state_.updates == options_.max_update) write_interval();
}

Record TrainRun::interval_record() const {
  Record record = meter_.record("train_inner", epoch(), wall_s());
  if (const LossScaler* scaler = trainer_->loss_scaler()) {
    record["loss_scale"] = scaler->scale();
    record["attempts"] = state_.attempts;
    record["skipped_updates"] = state_.skipped;
  }
  return record;
}

void TrainRun::write_interval() {
  if (meter_.empty()) return;
  write(interval_record());
  if (state_.updates - levels_update_ >= kLevelsInterval) write_levels();
  meter_ = {};
}

void TrainRun::write_levels() {
  if (std::exchange(levels_update_, state_.updates) == state_.updates) return;
  const std::vector<LevelStats::Weight> weights = levels_.look(*model_);
  if (!weights.empty()) write({{"kind", "levels"}, {"levels", to_json(weights)}});
}

void TrainRun::validate() {
  const Profiler::Pause pause;
  Record record = {{"kind", "valid"}, {"subset", "dev"}};
  cost_.time("validation", [&] {
    std::optional<EmaScope> averaged;
    if (ema_) averaged.emplace(*ema_);
    const LossFigures loss = evaluate_loss(*model_, task_.dev, options_.data.max_tokens, overlong_of(options_.data));
    LB_REQUIRE(std::isfinite(loss.nll), ErrorKind::diverged, "validation",
               "update {}: the loss on the dev set is not finite. Lower optim.lr, set optim.clip_norm, or resume from "
               "an earlier checkpoint",
               state_.updates);
    if (!loss.left_out.empty() && !std::exchange(told_left_out_, true)) log_warning("dev set: {}", loss.left_out);
    record["loss"] = record["nll_loss"] = base2(loss.nll);
    record["ppl"] = std::exp(loss.nll);
    double metric = loss.nll;
    if (options_.valid.bleu_rows > 0 && task_.dev_text.size() > 0) {
      const TranslationFigures figures =
          evaluate_translation(*model_, *task_.tokenizer, {.generation = kDefaultSearch},
                               first_rows(task_.dev_text, options_.valid.bleu_rows), options_.data.languages.source);
      record["bleu"] = figures.bleu.score;
      record["length_ratio"] = length_ratio(figures.bleu);
      record["signature"] = figures.bleu.signature;
      if (options_.valid.metric == "bleu") metric = figures.bleu.score;
    }
    state_.metric = metric;
    const bool higher = options_.valid.metric == "bleu";
    const bool better = !state_.best_metric || (higher ? metric > *state_.best_metric : metric < *state_.best_metric);
    state_.stalled = better ? 0 : state_.stalled + 1;
    if (better) state_.best_metric = metric;
  });
  record["num_updates"] = state_.updates;
  record["epoch"] = epoch();
  log_info("{}", summary_line(record));
  write(std::move(record));
  write_levels();
  write({{"kind", "cost"}, {"seconds", cost_.take()}, {"bytes", {{"peak", allocator({}).bytes_peak()}}}});
}

void TrainRun::save() {
  const Profiler::Pause pause;
  cost_.time("checkpoint", [&] {
    state_.data.epoch = batches_->position() / batches_->batches_per_epoch();
    state_.data.batch = batches_->position() % batches_->batches_per_epoch();
    if (const LossScaler* scaler = trainer_->loss_scaler()) state_.extra[kLossScalerKey] = to_json(scaler->state());
    checkpoints_.save({.model = model_state(*model_),
                       .optimizer = optimizer_->state(),
                       .ema = ema_ ? ema_->state() : StateDict{},
                       .state = state_});
  });
}

void TrainRun::restore() {
  const std::optional<CheckpointStore::Loaded> last = checkpoints_.load_last();
  if (!last) return;
  if (!last->warning.empty()) log_warning("{}", last->warning);
  const Checkpoint& checkpoint = last->checkpoint;
  LB_REQUIRE(checkpoint.state.data.fingerprint == state_.data.fingerprint, ErrorKind::usage, "resume",
             "{} was training on other data; give another run.dir, or the data.dir of before", folder_.path());
  restore_model(*model_, checkpoint.model, last->folder);
  optimizer_->load_state(checkpoint.optimizer);
  if (ema_) ema_->load_state(checkpoint.ema);
  state_ = checkpoint.state;
  if (LossScaler* scaler = trainer_->loss_scaler(); scaler && state_.extra.count(kLossScalerKey))
    scaler->set_state(loss_scaler_state_from_json(state_.extra.at(kLossScalerKey), last->folder));
  batches_->seek(state_.data.epoch * batches_->batches_per_epoch() + state_.data.batch);
  if (!has_ended()) log_info("going on after update {} from {}", state_.updates, last->folder);
}

int TrainRun::run() {
  const bool resumed = state_.updates > 0;
  const std::optional<int64_t> after = resumed ? std::optional(state_.updates) : std::nullopt;
  metrics_ = std::make_unique<MetricsWriter>(folder_.metrics(), after);
  tensorboard_ = std::make_unique<TensorBoard>(
      options_.log.tensorboard.empty() ? folder_.tensorboard() : options_.log.tensorboard, after);
  write({{"kind", "start"},
         {"name", std::filesystem::path(folder_.path()).filename()},
         {"resumed_from", resumed ? Record(state_.updates) : Record()},
         {"parameters", model_->parameter_count()},
         {"recipe", options_.quant.recipe}});
  try {
    const int code = train_to_the_end();
    profile_.finish();
    return code;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::diverged) throw;
    append_line(folder_.overflow(),
                Record{{"update", state_.updates}, {"time", unix_seconds()}, {"message", error.what()}}.dump());
    throw Error(error.kind(), fmt::format("{} (recorded in {})", error.what(), folder_.overflow()));
  }
}

int TrainRun::train_to_the_end() {
  const StopGuard guard;
  Progress progress("train", options_.max_update, options_.log, state_.updates);
  while (!has_ended()) {
    const StepReport report = step();
    if (!report.skipped) report_step(report, progress);
    const bool last = state_.updates == options_.max_update;
    const bool validated = !report.skipped && (last || due(options_.valid.interval));
    if (validated) validate();
    const bool wanted = !report.skipped && options_.save.interval > 0 && due(options_.save.interval);
    if (validated || wanted || stop_requested()) save();
    if (stop_requested() && !last) {
      write_interval();
      log_warning("stopped after update {} of {}; the same command goes on from there", state_.updates,
                  options_.max_update);
      return kExitPreempted;
    }
  }
  write_interval();
  return 0;
}

}  // namespace

int train(const TrainOptions& options, const std::string& config_yaml, std::span<const std::string> command_line) {
  if (options.threads > 0) omp_set_num_threads(static_cast<int>(options.threads));
  const ops::MatmulPrecisionScope precision(options.matmul);
  const RunFolder folder = RunFolder::create(options.run);
  const bool used = folder.holds_run();
  if (!used) folder.describe(config_yaml, command_line);
  log_to_file(folder.log());
  if (std::filesystem::exists(folder.last_checkpoint())) check_resume(options, folder);
  if (options.plan) {
    TrainRun(options, folder).print_memory_plan();
    allocator({}).trim();
    allocator({}).reset_peak();
  }
  TrainRun run(options, folder);
  if (used && run.has_ended()) {
    log_info("{} has ended and is left as it is; a larger run.max_update goes on", folder.path());
    return 0;
  }
  if (used) folder.describe(config_yaml, command_line);  // not before the run has accepted the new options
  return run.run();
}

}  // namespace lowbit
