#include "apps/lib/model/generation_options.h"
#include "apps/lib/model/model_folder.h"
#include "apps/lib/program/output.h"
#include "apps/verbs/verbs.h"
#include "core/error.h"
#include "optim/checkpoint_store.h"
#include "optim/model_average.h"

namespace lowbit {
namespace {

struct AverageOptions {
  std::vector<std::string> models;
  std::string out;
  int64_t last = 0;
  Languages languages;
};

void declare(OptionRegistry& r, AverageOptions& o) {
  r.add("average.models", o.models, "a run, with --last; or checkpoints and other models of one kind, at least two")
      .positional("RUN_OR_MODEL")
      .alias("inputs")
      .required();
  r.add("average.last", o.last, "of the run's checkpoints: how many, from the newest back")
      .alias("num-update-checkpoints")
      .alias("num-epoch-checkpoints")
      .range(0, 1 << 20);
  r.add("average.out", o.out, "folder to write").alias("output").required();
  declare_language_options(r, o.languages);
}

std::vector<std::string> models_of(const AverageOptions& options) {
  if (options.last == 0) {
    LB_REQUIRE(options.models.size() > 1, ErrorKind::usage, "average",
               "a mean of one model is the model: give several, or a run and --last N");
    return options.models;
  }
  LB_REQUIRE(options.models.size() == 1, ErrorKind::usage, "average",
             "--last counts the checkpoints of one run, not of {}", options.models.size());
  return CheckpointStore(options.models[0], {}).newest(options.last);
}

int run(const AverageOptions& options, const OptionRegistry&) {
  expect_new_folder("average", options.out);
  const std::vector<std::string> models = models_of(options);
  ModelAverage average;
  LoadedModel loaded;
  std::unique_ptr<Tokenizer> tokenizer;
  for (const std::string& model : models) {
    loaded = load_model(model);
    average.add(*loaded.model, model);
    const std::unique_ptr<Tokenizer> before = std::exchange(tokenizer, load_tokenizer(loaded, options.languages));
    LB_REQUIRE(!before || before->fingerprint() == tokenizer->fingerprint(), ErrorKind::model, "average",
               "{}: has another tokenizer than {}: its rows mean other pieces", model, models.front());
  }
  average.put_into(*loaded.model);
  write_model_folder(loaded, *tokenizer, options.out);
  write_output(fmt::format("{}: mean of {} models, verified by reading it back\n", options.out, models.size()));
  return 0;
}

}  // namespace

Verb average_verb() {
  return make_verb<AverageOptions>("average", "the mean of the last checkpoints of a run, or of several models",
                                   declare, run);
}

}  // namespace lowbit
