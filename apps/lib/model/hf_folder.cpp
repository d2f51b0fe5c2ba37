#include "apps/lib/model/hf_folder.h"

#include "data/tokenizer/tokenizer.h"
#include "nn/checkpoint/hf_export.h"
#include "nn/checkpoint/hf_generation.h"

namespace lowbit {
namespace {

/// The folder's own search, or one that a model of ours needs there: its first tokens, up to its last position.
GenerationConfig generation_of(const LoadedModel& loaded, const Tokenizer* tokenizer) {
  const TransformerConfig& model = loaded.model->config();
  GenerationConfig config{.rule = SearchRule::hf, .beam = 1, .max_len_b = model.max_positions, .min_len = 0};
  config.decoder_start = model.decoder_start;
  config.eos = config.forced_eos = model.eos;
  config.pad = model.pad;
  if (loaded.from_hf()) config = read_hf_generation(loaded.folder, model);
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
