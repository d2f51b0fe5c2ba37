#include "apps/lib/model/hf_folder.h"

#include "apps/lib/log/log.h"
#include "apps/lib/model/model_search.h"
#include "data/tokenizer/tokenizer.h"
#include "nn/checkpoint/hf_export.h"

namespace lowbit {
namespace {

/// The search that the model had, or one that a model of ours needs there: its first tokens, up to its last position.
GenerationConfig generation_of(const LoadedModel& loaded, const Tokenizer* tokenizer) {
  const TransformerConfig& model = loaded.model->config();
  GenerationConfig config = plain_search(model);
  config.forced_eos = model.eos;
  if (const auto search = find_search(loaded.folder, model); search && search->rule == SearchRule::hf)
    config = *search;
  else if (search)
    log_warning("how to search, by fairseq's rule, is not kept: transformers has no such lengths");
  const Framing framing = tokenizer ? tokenizer->framing() : Framing();
  if (framing.decoder_start >= 0) config.decoder_start = framing.decoder_start;
  if (framing.forced_bos >= 0) config.forced_bos = framing.forced_bos;
  return config;
}

}  // namespace

void fill_hf_folder(const LoadedModel& loaded, const Tokenizer* tokenizer, const std::string& folder) {
  write_hf_model(*loaded.model, generation_of(loaded, tokenizer), folder);
  if (tokenizer) tokenizer->save(folder);
}

}  // namespace lowbit
