#pragma once

#include <string>
#include <vector>

#include "apps/lib/log/progress.h"
#include "apps/lib/options/registry.h"
#include "apps/lib/train/precision_options.h"
#include "core/ops/matmul.h"
#include "data/batch/batcher.h"
#include "data/corpus/parallel_text.h"
#include "data/denoise/noise.h"
#include "data/tokenizer/tokenizer.h"
#include "nn/loss/objective.h"
#include "nn/transformer/config.h"
#include "optim/adam.h"
#include "optim/schedule.h"

namespace lowbit {

/// How fresh weights are drawn.
enum class ModelInit : uint8_t { preset, xavier, normal };

/// Shape of the model; 0 or a negative value keeps what the architecture says.
struct ModelOptions {
  std::string arch = "quickstart";
  int64_t dim = 0, ffn_dim = 0, heads = 0, encoder_layers = 0, decoder_layers = 0, max_positions = 0;
  double dropout = -1, attention_dropout = -1, activation_dropout = -1;
  ModelInit init = ModelInit::preset;
};

/// The model.arch of a model that takes the shape of its teacher or of where it starts.
inline constexpr const char* kGivenShape = "given";

/// A size of the model: its option and what it sets.
struct ModelSize {
  const char* key;
  int64_t ModelOptions::*option;
  int64_t TransformerConfig::*field;
};
inline constexpr ModelSize kModelSizes[] = {
    {"model.dim", &ModelOptions::dim, &TransformerConfig::dim},
    {"model.ffn_dim", &ModelOptions::ffn_dim, &TransformerConfig::ffn_dim},
    {"model.heads", &ModelOptions::heads, &TransformerConfig::heads},
    {"model.encoder_layers", &ModelOptions::encoder_layers, &TransformerConfig::encoder_layers},
    {"model.decoder_layers", &ModelOptions::decoder_layers, &TransformerConfig::decoder_layers},
    {"model.max_positions", &ModelOptions::max_positions, &TransformerConfig::max_positions},
};

enum class TrainTask : uint8_t { seq2seq, denoising };

struct DataOptions {
  TrainTask task = TrainTask::seq2seq;
  std::string dir;        ///< what `lowbit prepare` wrote: train.tsv, dev.tsv, or for denoising train.txt, dev.txt
  std::string tokenizer;  ///< sentencepiece model or a folder with a tokenizer; empty: see load_text_task()
  Languages languages;    ///< of mBART's tokenizer, or one of ours with languages
  int64_t language_column = 0;  ///< of the TSV files, with the target's language; 0: none
  int64_t vocab_size = 4096;
  int64_t max_tokens = 2500;
  int64_t max_length = 200;
  bool truncate_source = false;
  int64_t prefetch = 4;
};

/// Where the texts stand in the files of a prepared folder.
inline TsvColumns columns_of(const DataOptions& options) {
  return {.language = static_cast<int>(options.language_column)};
}

/// Pretraining on running text.
struct DenoiseOptions {
  NoiseOptions noise;
  int64_t tokens_per_sample = 0;       ///< 0: as long as everything allows
  std::vector<std::string> languages;  ///< the text of each is train.LANGUAGE.txt; empty: one language, train.txt
  double sampling_alpha = 0.7;
};

enum class OptimizerKind : uint8_t { adam, adamw, sgd };

/// An optim.warmup that follows the length of the run: a tenth of it, at most 100 updates.
inline constexpr int64_t kAdaptedWarmup = -1;

struct OptimOptions {
  OptimizerKind kind = OptimizerKind::adamw;
  AdamConfig adam{.beta1 = 0.9, .beta2 = 0.98, .eps = 1e-8};
  double momentum = 0.9;
  double weight_decay = 0;
  double clip_norm = 1;
  int64_t update_freq = 1;
  double quantizer_lr_scale = 1;
  double ema_decay = 0;
  ScheduleConfig schedule{
      .kind = ScheduleKind::linear, .offset = ScheduleOffset::plus1, .lr = 1.5e-3, .warmup = kAdaptedWarmup};
};

struct QuantOptions {
  std::string recipe;
  int64_t output_bits = 0;  ///< 0: the recipe's
};

/// Distillation; without a teacher, plain training on the references.
struct TeacherOptions {
  std::string model;
  DistillationConfig loss;
};

struct ValidOptions {
  int64_t interval = 0;  ///< updates; 0: at the end of an epoch
  int64_t bleu_rows = 200;
  std::string metric = "loss";
  int64_t patience = 0;
};

struct SaveOptions {
  int64_t interval = 0;  ///< updates; 0: when validating
  int64_t keep_last = 2, keep_best = 1;
};

struct TrainOptions {
  std::string run;  ///< the run folder
  int64_t max_update = 1000;
  int64_t seed = 1;
  int64_t threads = 0;  ///< 0: all cores
  ops::MatmulPrecision matmul = ops::MatmulPrecision::f32;
  Recompute recompute = Recompute::nothing;
  double label_smoothing = 0.1;
  std::string finetune_from;
  ModelOptions model;
  DataOptions data;
  DenoiseOptions denoise;
  OptimOptions optim;
  PrecisionOptions precision;
  LossScaleOptions loss_scale;
  QuantOptions quant;
  TeacherOptions teacher;
  ValidOptions valid;
  SaveOptions save;
  LogConfig log;
  int64_t profile_updates = 0;
  bool plan = false;                 ///< print the memory plan before training
  bool dump_precision_plan = false;  ///< print it instead of training
};

/// The model whose weights the run begins with, and with them its shape, tokenizer and search; empty: fresh ones.
inline const std::string& start_of(const TrainOptions& options) {
  return options.finetune_from.empty() ? options.teacher.model : options.finetune_from;
}

/// Options of `lowbit train`.
void declare_train_options(OptionRegistry& registry, TrainOptions& options);

/// `config` with what the options override; the sizes stay when `sizes` is false (weights come from elsewhere).
TransformerConfig override_model(TransformerConfig config, const ModelOptions& options, bool sizes);
/// The architecture with the overrides applied; of the given shape, the sizes alone are true.
TransformerConfig resolve_model(const ModelOptions& options, int64_t vocab);

/// The comparison with the teacher, with the run's label smoothing.
DistillationConfig distillation_of(const TrainOptions& options);
/// The schedule of a run, whole. `dim`: the model's width.
ScheduleConfig schedule_of(const TrainOptions& options, int64_t dim);

}  // namespace lowbit
