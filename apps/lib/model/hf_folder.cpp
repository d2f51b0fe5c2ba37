#include "apps/lib/model/hf_folder.h"

#include <filesystem>

#include "core/files/atomic.h"
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

PackedFolder write_hf_folder(const LoadedModel& loaded, const std::string& out, const Languages& languages) {
  std::unique_ptr<Tokenizer> tokenizer;
  if (find_tokenizer(loaded.folder)) tokenizer = load_tokenizer(loaded, languages);
  AtomicFolder target(out);
  write_hf_model(*loaded.model, generation_of(loaded, tokenizer.get()), target.path());
  if (tokenizer) tokenizer->save(target.path());
  PackedFolder written;
  for (const auto& file : std::filesystem::directory_iterator(target.path()))
    written.bytes += static_cast<int64_t>(file.file_size());
  target.commit();
  return written;
}

}  // namespace lowbit
