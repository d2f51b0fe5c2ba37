#include "apps/lib/train/resolve.h"

#include <algorithm>
#include <filesystem>

#include "apps/lib/model/model_folder.h"
#include "apps/lib/model/recipe_folder.h"
#include "apps/lib/options/show.h"
#include "apps/lib/train/text_task.h"
#include "core/error.h"
#include "optim/schedule.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

/// Whether a preset, resized as asked, is the architecture of `start`; what is no shape is left out.
bool has_shape(const ModelOptions& model, const TransformerConfig& start) {
  TransformerConfig wanted = resolve_model(model, start.vocab);
  wanted.init = start.init;
  wanted.dropout = start.dropout;
  wanted.attention_dropout = start.attention_dropout;
  wanted.activation_dropout = start.activation_dropout;
  wanted.bos = start.bos, wanted.pad = start.pad, wanted.eos = start.eos, wanted.unk = start.unk;
  wanted.decoder_start = start.decoder_start;
  return wanted == start;
}

void take_shape(ModelOptions& model, const OptionRegistry& registry, const std::string& path) {
  const TransformerConfig start = read_model_config(path);
  const auto require = [&](const std::string& key, bool agrees, const std::string& actual) {
    const Option& option = *std::ranges::find(registry.options(), key, &Option::key);
    if (agrees || option.settings().empty()) return;
    fail(ErrorKind::usage, option.settings().back().where,
         "{}={} is not the shape of {}, whose weights the model takes{}: leave it out", key, option.text(), path,
         actual);
  };
  for (const ModelSize& size : kModelSizes) {
    const int64_t wanted = model.*size.option, actual = start.*size.field;
    require(size.key, wanted == 0 || wanted == actual, fmt::format(" ({}={})", size.key, actual));
  }
  require("model.arch", model.arch == kGivenShape || has_shape(model, start), "");
  model.arch = kGivenShape;
  model.init = ModelInit::preset;  // nothing is fresh
  for (const ModelSize& size : kModelSizes) model.*size.option = start.*size.field;
}

void expect_file(const fs::path& path, ErrorKind kind, const char* remedy) {
  LB_REQUIRE(fs::exists(path), kind, "train", "{}: No such file; {}", path.string(), remedy);
}

int64_t longest_block(const TrainOptions& options, const TransformerConfig& model) {
  return std::min({options.data.max_length, options.data.max_tokens, model.max_positions});
}

void check_denoising(const TrainOptions& options, const TransformerConfig& model) {
  options.denoise.noise.validate();
  const int64_t longest = longest_block(options, model);
  LB_REQUIRE(options.denoise.tokens_per_sample <= longest, ErrorKind::usage, "train",
             "denoise.tokens_per_sample={} is above {}, the least of data.max_length, data.max_tokens and the model's "
             "positions: lower it, or raise them",
             options.denoise.tokens_per_sample, longest);
  LB_REQUIRE(options.valid.metric != "bleu", ErrorKind::usage, "train", "valid.metric=bleu: denoising has a loss only");
}

void check(const TrainOptions& options) {
  const TransformerConfig model = resolve_model(options.model, options.data.vocab_size);
  Schedule(schedule_of(options, model.dim));
  LB_REQUIRE(options.quant.output_bits == 0 || !options.quant.recipe.empty(), ErrorKind::usage, "train",
             "quant.output_bits has no effect without quant.recipe: give a recipe, or leave it out");
  if (!options.quant.recipe.empty()) {
    Seq2Seq tried = seq2seq_without_weights(model);
    apply_recipe(tried, options.quant.recipe, options.quant.output_bits);
  }
  precision_of(options.precision);
  LB_REQUIRE(
      options.teacher.model.empty() || options.teacher.loss.attention == 0 || options.recompute == Recompute::nothing,
      ErrorKind::usage, "train",
      "kd.attention={} compares probabilities, which run.recompute does not keep: set one of them to 0 or none",
      options.teacher.loss.attention);
  loss_scaler_of(options.precision, options.loss_scale, options.optim.update_freq);
  LB_REQUIRE(options.valid.metric != "bleu" || options.valid.bleu_rows > 0, ErrorKind::usage, "train",
             "valid.metric=bleu needs valid.bleu_rows of at least 1");
  if (options.data.task == TrainTask::denoising) check_denoising(options, model);
  expect_corpus_folder("data.dir", options.data.dir);
  const char* remedy = options.data.task == TrainTask::denoising
                           ? "it is running text, as docs/pretraining.md says and lowbit prepare synopses writes it"
                           : "lowbit prepare writes it";
  for (const std::string& file : task_files(options)) {
    const fs::path path = fs::path(options.data.dir) / file;
    expect_file(path, ErrorKind::data, remedy);
    LB_REQUIRE(fs::file_size(path) > 0, ErrorKind::data, "train",
               "{}: is empty; give lowbit prepare more rows, or a larger --dev-share", path.string());
  }
  if (!options.data.tokenizer.empty()) expect_file(options.data.tokenizer, ErrorKind::model, "data.tokenizer names it");
  if (!options.teacher.model.empty()) resolve_model_folder(options.teacher.model);
}

/// A configuration file may hold the section without use; whoever types a flag expects something of it.
void refuse_idle_loss_scale(const OptionRegistry& registry, PrecisionPolicy policy) {
  if (row_of(policy).loss_scaling) return;
  for (const Option& option : registry.options()) {
    if (option.section() != "loss_scale" || option.settings().empty()) continue;
    const Setting& setting = option.settings().back();
    LB_REQUIRE(setting.origin != Origin::flag && setting.origin != Origin::key_value, ErrorKind::usage, setting.where,
               "{} has no effect under precision.policy={}: leave it out, or train with --fp16", option.key(),
               row_of(policy).name);
  }
}

}  // namespace

TrainOptions resolve_train_options(TrainOptions options, const OptionRegistry& registry) {
  const std::string& start = start_of(options);
  if (!start.empty()) take_shape(options.model, registry, start);
  LB_REQUIRE(!start.empty() || options.model.arch != kGivenShape, ErrorKind::usage, "train",
             "model.arch={} needs kd.teacher or run.finetune_from", kGivenShape);
  refuse_idle_loss_scale(registry, options.precision.policy);
  if (options.data.task == TrainTask::denoising && options.denoise.tokens_per_sample == 0)
    options.denoise.tokens_per_sample = longest_block(options, resolve_model(options.model, options.data.vocab_size));
  check(options);
  return options;
}

std::string config_text(TrainOptions options) {
  OptionRegistry registry;
  declare_train_options(registry, options);
  return dump_config(registry);
}

}  // namespace lowbit
