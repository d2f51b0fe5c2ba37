#include "apps/lib/program/environment.h"
#include "apps/lib/program/output.h"
#include "apps/lib/train/resolve.h"
#include "apps/lib/train/train_options.h"
#include "apps/lib/train/train_run.h"
#include "apps/verbs/verbs.h"
#include "core/error.h"
#include "nn/transformer/seq2seq.h"

namespace lowbit {
namespace {

int run_train(const TrainOptions& options, const OptionRegistry& registry) {
  const TrainOptions resolved = resolve_train_options(options, registry);
  if (resolved.dump_precision_plan) {
    Seq2Seq model = seq2seq_without_weights(resolve_model(resolved.model, resolved.data.vocab_size));
    write_output(precision_plan(resolved.precision, resolved.matmul, model));
    return 0;
  }
  return train(resolved, config_text(resolved), process_arguments());
}

int run_distill(const TrainOptions& options, const OptionRegistry& registry) {
  LB_REQUIRE(!options.teacher.model.empty(), ErrorKind::usage, "distill", "which teacher? Give --teacher RUN_OR_MODEL");
  LB_REQUIRE(!options.quant.recipe.empty(), ErrorKind::usage, "distill",
             "which bits? Give --recipe tbt-2-2-8, or another of recipes/");
  return run_train(options, registry);
}

}  // namespace

Verb train_verb() {
  return make_verb<TrainOptions>("train", "train a model on a prepared corpus", declare_train_options, run_train);
}

Verb distill_verb() {
  return make_verb<TrainOptions>("distill", "train a low-bit student from a teacher", declare_train_options,
                                 run_distill);
}

}  // namespace lowbit
