#include "apps/lib/train/train_options.h"

#include <algorithm>

#include "apps/lib/model/generation_options.h"
#include "apps/lib/train/run_choices.h"

namespace lowbit {
namespace {

constexpr double kLargestDecay = 0.999999;

void declare_model(OptionRegistry& r, ModelOptions& o) {
  std::vector<std::string> names = transformer_preset_names();
  names.emplace_back(kGivenShape);
  r.add("model.arch", o.arch,
        "architecture preset; given: the shape of the teacher or of run.finetune_from, as always with one")
      .choices(names)
      .alias("a");
  r.add("model.dim", o.dim, "model width; 0 keeps the preset's").range(0, 65536);
  r.add("model.ffn_dim", o.ffn_dim, "feed-forward width; 0 keeps the preset's").range(0, 1 << 20);
  r.add("model.heads", o.heads, "attention heads; 0 keeps the preset's").range(0, 1024);
  r.add("model.encoder_layers", o.encoder_layers, "0 keeps the preset's").range(0, 1000);
  r.add("model.decoder_layers", o.decoder_layers, "0 keeps the preset's").range(0, 1000);
  r.add("model.max_positions", o.max_positions, "longest sequence in tokens; 0 keeps the preset's").range(0, 1 << 20);
  r.add("model.init", o.init,
        {{"preset", ModelInit::preset}, {"xavier", ModelInit::xavier}, {"normal", ModelInit::normal}},
        "fresh weights: xavier, as fairseq's transformer; normal: N(0, 0.02), as BART's and mBART's presets, too small "
        "for "
        "a model of a few hundred dimensions to learn fast");
  r.add("model.dropout", o.dropout, "on residual branches and embeddings; -1 keeps the preset's").range(-1, 0.99);
  r.add("model.attention_dropout", o.attention_dropout, "on attention probabilities; -1 keeps the preset's")
      .range(-1, 0.99);
  r.add("model.activation_dropout", o.activation_dropout, "after the activation; -1 keeps the preset's")
      .range(-1, 0.99);
}

void declare_data(OptionRegistry& r, DataOptions& o) {
  r.add(
      "data.task", o.task, {{"seq2seq", TrainTask::seq2seq}, {"denoising", TrainTask::denoising}},
      "seq2seq: source to target, of train.tsv and dev.tsv; denoising: BART's pretraining on train.txt and dev.txt, a "
      "sentence a line, an empty line between documents");
  r.add("data.dir", o.dir, "folder that `lowbit prepare` or fairseq-preprocess wrote").positional("DATA").required();
  r.add("data.tokenizer", o.tokenizer,
        "sentencepiece model, or folder of a tokenizer; default: that of a foreign model to start from, "
        "else the one in the data folder, trained there once");
  declare_language_options(r, o.languages);
  declare_language_column(r, o.language_column);
  r.add("data.vocab_size", o.vocab_size, "pieces of a tokenizer that is trained").range(16, 1 << 20);
  r.add("data.max_tokens", o.max_tokens, "tokens of a batch, padding counted").range(1, 1 << 24);
  r.add("data.max_length", o.max_length, "longer rows are left out").range(2, 1 << 20);
  r.add("data.truncate_source", o.truncate_source, "cut sources that are too long instead of leaving their rows out");
  r.add("data.prefetch", o.prefetch, "batches prepared ahead by a thread; 0: none").range(0, 1024);
}

void declare_denoise(OptionRegistry& r, DenoiseOptions& o) {
  NoiseOptions& noise = o.noise;
  r.add("denoise.mask", noise.mask, "share of the words to cover").range(0, 1);
  r.add("denoise.mask_length", noise.mask_length,
        {{"subword", MaskLength::subword}, {"word", MaskLength::word}, {"span-poisson", MaskLength::span_poisson}},
        "what is covered: tokens, whole words, or spans of words");
  r.add("denoise.poisson_lambda", noise.poisson_lambda, "mean words of a span").range(0.1, 50);
  r.add("denoise.replace_length", noise.replace_length,
        "of what is covered: 0 deletes it, 1 puts one mask token, -1 one for each token")
      .range(-1, 1);
  r.add("denoise.mask_random", noise.mask_random, "share that shows a random token in place of the mask").range(0, 1);
  r.add("denoise.permute_sentences", noise.permute_sentences, "share of the sentences that change places").range(0, 1);
  r.add("denoise.insert", noise.insert, "tokens put in between, as a share of the length").range(0, 1);
  r.add("denoise.rotate", noise.rotate, "probability that a block begins somewhere else").range(0, 1);
  r.add("denoise.tokens_per_sample", o.tokens_per_sample,
        "longest block, ends counted; blocks hold whole sentences; 0: what "
        "data.max_length and the model allow")
      .range(0, 1 << 20);
  r.add("denoise.langs", o.languages,
        "languages whose text is train.LANGUAGE.txt and dev.LANGUAGE.txt; each has a token, by which its blocks begin");
  r.add("denoise.multilang_sampling_alpha", o.sampling_alpha, "languages are drawn by their share to this power")
      .range(0, 1);
}

void declare_optim(OptionRegistry& r, OptimOptions& o) {
  r.add("optim.optimizer", o.kind,
        {{"adam", OptimizerKind::adam}, {"adamw", OptimizerKind::adamw}, {"sgd", OptimizerKind::sgd}}, "update rule");
  r.add("optim.lr", o.schedule.lr, "peak learning rate").alias("learning-rate").range(0, 1000);
  r.add("optim.beta1", o.adam.beta1, "decay of Adam's first moment").range(0, kLargestDecay);
  r.add("optim.beta2", o.adam.beta2, "decay of Adam's second moment").range(0, kLargestDecay);
  r.add("optim.eps", o.adam.eps, "Adam's epsilon").range(0, 1);
  r.add("optim.adam_form", o.adam.form, {{"torch", AdamForm::torch}, {"fairseq", AdamForm::fairseq}},
        "where epsilon stands");
  r.add("optim.momentum", o.momentum, "of sgd").range(0, 1);
  r.add("optim.weight_decay", o.weight_decay, "of matrices; never of norms, biases and scales").range(0, 10);
  r.add("optim.clip_norm", o.clip_norm, "largest gradient norm; 0: no clipping").range(0, 1e9);
  r.add("optim.update_freq", o.update_freq, "batches accumulated for one update").range(1, 1 << 20);
  r.add("optim.quantizer_lr_scale", o.quantizer_lr_scale, "learning rate of learned scales, relative").range(0, 1000);
  r.add("optim.ema_decay", o.ema_decay, "average of weights used for validation and the final model; 0: none")
      .range(0, kLargestDecay);
  r.add("optim.schedule", o.schedule.kind,
        {{"fixed", ScheduleKind::fixed},
         {"linear", ScheduleKind::linear},
         {"polynomial", ScheduleKind::polynomial},
         {"cosine", ScheduleKind::cosine},
         {"inverse_sqrt", ScheduleKind::inverse_sqrt},
         {"wsd", ScheduleKind::wsd},
         {"tri_stage", ScheduleKind::tri_stage},
         {"noam", ScheduleKind::noam}},
        "learning rate over updates")
      .alias("lr-scheduler");
  r.add("optim.warmup", o.schedule.warmup, "updates of linear warm-up; -1: a tenth of run.max_update, at most 100")
      .alias("warmup-updates")
      .range(kAdaptedWarmup, 1 << 30);
  r.add("optim.min_lr", o.schedule.min_lr, "learning rate at the end").range(0, 1000);
}

void declare_run(OptionRegistry& r, TrainOptions& o) {
  r.add("run.dir", o.run, "run folder: config, logs, checkpoints; a run that is there goes on")
      .alias("save-dir")
      .required();
  r.add("run.max_update", o.max_update, "updates in all").range(1, 1 << 30);
  r.add("run.seed", o.seed, "of weights, dropout and data order").alias("seed").range(0, 1e15);
  r.add("run.profile", o.profile_updates, "updates to time by op and site, into profile.txt and trace.json; 0: none")
      .alias("profile")
      .range(0, 1000);
  r.add("run.matmul", o.matmul, matmul_names(),
        "float matrix products: in f32; or of operands rounded to bf16 with f32 sums; or, int8, like bf16 but for the "
        "backward pass of quantized layers, in integers from 8-bit gradients. Forward products of codes are exact in "
        "all; bench.dtype is the same");
  r.add("run.recompute", o.recompute, recompute_names(),
        "what backward computes again instead of keeping it: attention's probabilities, for long inputs, or whole "
        "layers; bench.recompute is the same")
      .shorthand("checkpoint-activations", "layers");
  r.add("run.plan", o.plan,
        "before the first update, try the largest batch and print where the memory goes, by class and layer")
      .alias("plan");
  r.add("run.dump_precision_plan", o.dump_precision_plan,
        "print what every op stores in which type, and where modules differ, instead of training");
  r.add("run.threads", o.threads, "0: all cores").alias("threads").range(0, 1024);
  r.add("run.finetune_from", o.finetune_from, "model or run whose weights training starts from")
      .alias("finetune-from-model");
  r.add("loss.label_smoothing", o.label_smoothing, "of the references").alias("label-smoothing").range(0, 0.999);
}

void declare_quant(OptionRegistry& r, QuantOptions& o) {
  r.add("quant.recipe", o.recipe, "what is quantized how: a name from recipes/ or a .yaml file; empty: float")
      .alias("recipe");
  r.add("quant.output_bits", o.output_bits, "bits of the output projection; 0 keeps the recipe's")
      .alias("output-bits")
      .range(0, 32);
}

void declare_teacher(OptionRegistry& r, TeacherOptions& o) {
  r.add("kd.teacher", o.model, "model or run to distil from; the student starts from its weights").alias("teacher");
  r.add("kd.task", o.loss.task, "weight of the cross entropy with the references").range(0, 1000);
  r.add("kd.logits", o.loss.logits, "weight of the cross entropy with the teacher's distribution").range(0, 1000);
  r.add("kd.hidden", o.loss.hidden, "weight of the squared error of hidden states").range(0, 1e6);
  r.add("kd.attention", o.loss.attention, "weight of the squared error of attention probabilities").range(0, 1e6);
  r.add("kd.temperature", o.loss.temperature, "of teacher and student distributions").range(0.01, 100);
  r.add("kd.include_padding", o.loss.include_padding, "average over padding too, as the released code of TBT does");
}

void declare_upkeep(OptionRegistry& r, TrainOptions& o) {
  r.add("valid.interval", o.valid.interval, "updates between validations; 0: at the end of each epoch")
      .alias("validate-interval-updates")
      .range(0, 1 << 30);
  r.add("valid.bleu_rows", o.valid.bleu_rows, "rows of the dev set translated for BLEU; 0: none").range(0, 1 << 20);
  r.add("valid.metric", o.valid.metric, "what makes a checkpoint the best")
      .choices({"loss", "bleu"})
      .alias("best-checkpoint-metric");
  r.add("valid.patience", o.valid.patience, "validations without a better one before training ends; 0: never")
      .alias("patience")
      .range(0, 1 << 20);
  r.add("save.interval", o.save.interval,
        "updates between checkpoints, besides those at each validation; 0: only those")
      .alias("save-interval-updates")
      .range(0, 1 << 30);
  r.add("save.keep_last", o.save.keep_last, "checkpoints kept from the end")
      .alias("keep-interval-updates")
      .range(1, 1000);
  r.add("save.keep_best", o.save.keep_best, "checkpoints kept for their metric; 0: none, and no checkpoint_best")
      .alias("keep-best-checkpoints")
      .range(0, 1000);
  declare_log_options(r, o.log);
}

}  // namespace

void declare_train_options(OptionRegistry& registry, TrainOptions& options) {
  registry.accept_config_file();
  declare_data(registry, options.data);
  declare_denoise(registry, options.denoise);
  declare_run(registry, options);
  declare_model(registry, options.model);
  declare_optim(registry, options.optim);
  declare_precision_options(registry, options.precision);
  declare_loss_scale_options(registry, options.loss_scale);
  declare_quant(registry, options.quant);
  declare_teacher(registry, options.teacher);
  declare_upkeep(registry, options);
}

DistillationConfig distillation_of(const TrainOptions& options) {
  DistillationConfig config = options.teacher.loss;
  config.smoothing = options.label_smoothing;
  return config;
}

ScheduleConfig schedule_of(const TrainOptions& options, int64_t dim) {
  ScheduleConfig schedule = options.optim.schedule;
  if (schedule.warmup == kAdaptedWarmup) schedule.warmup = std::min<int64_t>(100, options.max_update / 10);
  schedule.total = options.max_update;
  schedule.model_dim = dim;
  return schedule;
}

TransformerConfig override_model(TransformerConfig config, const ModelOptions& o, bool sizes) {
  const auto keep = [](auto& value, auto wanted, bool given) {
    if (given) value = wanted;
  };
  for (const ModelSize& size : kModelSizes) keep(config.*size.field, o.*size.option, sizes && o.*size.option > 0);
  keep(config.init, o.init == ModelInit::normal ? WeightInit::normal : WeightInit::xavier,
       sizes && o.init != ModelInit::preset);
  keep(config.dropout, o.dropout, o.dropout >= 0);
  keep(config.attention_dropout, o.attention_dropout, o.attention_dropout >= 0);
  keep(config.activation_dropout, o.activation_dropout, o.activation_dropout >= 0);
  validate(config);
  return config;
}

TransformerConfig resolve_model(const ModelOptions& options, int64_t vocab) {
  TransformerConfig config = options.arch == kGivenShape ? TransformerConfig{} : transformer_preset(options.arch);
  config.vocab = vocab;
  return override_model(config, options, true);
}

}  // namespace lowbit
