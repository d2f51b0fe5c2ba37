#include "apps/lib/train/start_model.h"

#include <filesystem>
#include <optional>

#include "apps/lib/log/log.h"
#include "apps/lib/model/model_search.h"
#include "apps/lib/model/recipe_folder.h"
#include "core/error.h"
#include "core/files/atomic.h"
#include "data/tokenizer/open_tokenizer.h"
#include "nn/checkpoint/frozen_weights.h"
#include "nn/checkpoint/hf_generation.h"
#include "nn/module_state.h"
#include "nn/quant/weight_slot.h"

namespace lowbit {
namespace {

bool has_frozen_weights(Seq2Seq& model) {
  bool found = false;
  model.each_slot([&](const std::string&, Slot& slot) {
    const auto* weight = dynamic_cast<const WeightSlot*>(&slot);
    found = found || (weight && weight->frozen());
  });
  return found;
}

}  // namespace

LoadedModel load_for(const Tokenizer& tokenizer, const std::string& path, const Languages& languages,
                     const ConfigEdit& edit) {
  LoadedModel loaded = load_model(path, edit);
  const int64_t rows = loaded.model->config().vocab;
  LB_REQUIRE(rows == tokenizer.vocab_size(), ErrorKind::usage, "train",
             "the model in {} has {} vocabulary rows, the tokenizer {} pieces; give its tokenizer with data.tokenizer",
             loaded.folder, rows, tokenizer.vocab_size());
  const std::optional<std::string> own = find_tokenizer(loaded.folder);
  LB_REQUIRE(!own || open_tokenizer(*own, rows, languages)->fingerprint() == tokenizer.fingerprint(), ErrorKind::usage,
             "train",
             "the model in {} was trained with another vocabulary of {} pieces; give it with data.tokenizer={}",
             loaded.folder, rows, *own);
  return loaded;
}

std::unique_ptr<Seq2Seq> start_model(const TrainOptions& options, const Tokenizer& tokenizer, Seq2Seq* teacher) {
  const ConfigEdit edit = [&](TransformerConfig config) { return override_model(config, options.model, false); };
  std::unique_ptr<Seq2Seq> model;
  if (!options.finetune_from.empty()) {
    LoadedModel start = load_for(tokenizer, options.finetune_from, options.data.languages, edit);
    LB_REQUIRE(!has_frozen_weights(*start.model), ErrorKind::usage, "train",
               "{} is packed: it has no float weights to go on from; give the run that it was exported from",
               start.folder);
    model = std::move(start.model);
  } else if (teacher) {
    LB_REQUIRE(!has_frozen_weights(*teacher), ErrorKind::usage, "train",
               "the teacher {} is packed: it has no float weights for its student to begin with; give the run that it "
               "was exported from, or a float model to begin with as run.finetune_from",
               options.teacher.model);
    model = std::make_unique<Seq2Seq>(edit(teacher->config()), static_cast<uint64_t>(options.seed));
    load_module_state(*model, module_state(*teacher));
  } else {
    model = std::make_unique<Seq2Seq>(resolve_model(options.model, tokenizer.vocab_size()),
                                      static_cast<uint64_t>(options.seed));
  }
  if (!options.quant.recipe.empty()) {
    const Recipe recipe = apply_recipe(*model, options.quant.recipe, options.quant.output_bits);
    log_info("recipe {}: {}", recipe.name(), recipe.bits().str());
  }
  if (options.matmul == ops::MatmulPrecision::int8 && activation_quantizers(*model).empty())
    log_warning("run.matmul=int8 is bf16 here: it is of layers with quantized inputs, which a recipe makes");
  return model;
}

void keep_search(const TrainOptions& options, const TransformerConfig& model, const std::string& run_folder) {
  if (start_of(options).empty()) return;
  if (const auto search = search_to_keep(resolve_model_folder(start_of(options)), model))
    write_file_atomically((std::filesystem::path(run_folder) / kGenerationFile).string(),
                          generation_to_own(*search, model));
}

}  // namespace lowbit
