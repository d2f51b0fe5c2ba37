#include "nn/checkpoint/hf_generation.h"

#include <filesystem>

#include "core/files/mapped_file.h"
#include "nn/checkpoint/json_keys.h"
#include "nn/generate/seq2seq_stepper.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kDefaultMaxLength = 20, kDefaultTopK = 50;
constexpr const char *kRule = "search_rule", *kHf = "hf", *kFairseq = "fairseq", *kLengthFactor = "max_len_a";
constexpr double kLeast = 1e-6;  // of what must be positive
constexpr const char* kUnsupported = "is not supported here; take it out, or generate elsewhere";

JsonKeys keys_of(const fs::path& path) {
  const MappedFile file(path.string(), ErrorKind::model);
  return JsonKeys(file.text(), path.string());
}

/// One id; generate() also takes several.
void take_id(const JsonKeys& keys, const char* key, int32_t& id, int64_t vocab) {
  keys.take(key, id);
  if (keys.has(key) && (id < 0 || id >= vocab)) keys.refuse(key, fmt::format("is outside the vocabulary of {}", vocab));
}

void take_early_stopping(const JsonKeys& keys, EarlyStopping& value) {
  nlohmann::json given;
  keys.take("early_stopping", given);
  if (given.is_null()) return;
  if (given == "never")
    value = EarlyStopping::never;
  else if (given.is_boolean())
    value = given.get<bool>() ? EarlyStopping::yes : EarlyStopping::no;
  else
    keys.refuse("early_stopping", "must be true, false or \"never\"");
}

void refuse_unsupported(const JsonKeys& keys) {
  for (const char* factor : {"repetition_penalty", "encoder_repetition_penalty", "typical_p"})
    keys.expect(factor, 1.0, kUnsupported);
  for (const char* amount : {"diversity_penalty", "epsilon_cutoff", "eta_cutoff", "min_p", "penalty_alpha"})
    keys.expect(amount, 0.0, kUnsupported);
  keys.expect("encoder_no_repeat_ngram_size", 0, kUnsupported);
  keys.expect("num_beam_groups", 1, kUnsupported);
  keys.expect("renormalize_logits", false, kUnsupported);
  for (const char* list : {"bad_words_ids", "force_words_ids", "suppress_tokens", "begin_suppress_tokens",
                           "sequence_bias", "exponential_decay_length_penalty", "stop_strings", "forced_decoder_ids",
                           "constraints", "guidance_scale", "watermarking_config", "dola_layers"})
    keys.expect_none(list, kUnsupported);
}

/// What the keys change in `config`.
void take_search(const JsonKeys& keys, GenerationConfig& config, int64_t vocab) {
  refuse_unsupported(keys);
  take_id(keys, "decoder_start_token_id", config.decoder_start, vocab);
  take_id(keys, "eos_token_id", config.eos, vocab);
  take_id(keys, "pad_token_id", config.pad, vocab);
  take_id(keys, "forced_bos_token_id", config.forced_bos, vocab);
  take_id(keys, "forced_eos_token_id", config.forced_eos, vocab);
  keys.take_in("num_beams", config.beam, 1);
  keys.take_in("num_return_sequences", config.n_best, 1);
  keys.take_in("max_length", config.max_len_b, 0);
  keys.take_in("min_length", config.min_len, 0);
  int64_t new_tokens = 0;
  keys.take("max_new_tokens", new_tokens);
  if (new_tokens > 0) config.max_len_b = new_tokens + 1;  // the decoder start counts
  new_tokens = 0;
  keys.take("min_new_tokens", new_tokens);
  if (new_tokens > 0) config.min_len = new_tokens + 1;
  keys.take("length_penalty", config.length_penalty);
  keys.take_in("no_repeat_ngram_size", config.no_repeat_ngram, 0);
  take_early_stopping(keys, config.early_stopping);
  keys.take("do_sample", config.sampling);
  if (config.sampling) {
    config.top_k = kDefaultTopK;
    keys.take_in("top_k", config.top_k, 0);
    keys.take_in("top_p", config.top_p, kLeast, 1);
    keys.take_in("temperature", config.temperature, kLeast);
  }
}

GenerationConfig defaults_of(SearchRule rule, const TransformerConfig& model) {
  GenerationConfig config{.rule = rule, .beam = 1};
  if (rule == SearchRule::hf) config.max_len_b = kDefaultMaxLength, config.min_len = 0;
  return generation_for(model, config);
}

/// `whole`: also what a greedy search has no use for, and transformers warns about: a flag may ask for beams.
nlohmann::ordered_json to_json(const GenerationConfig& c, const TransformerConfig& model, bool whole) {
  nlohmann::ordered_json json = {{"bos_token_id", model.bos},
                                 {"pad_token_id", c.pad},
                                 {"eos_token_id", c.eos},
                                 {"decoder_start_token_id", c.decoder_start}};
  if (c.forced_bos != kNoToken) json["forced_bos_token_id"] = c.forced_bos;
  if (c.forced_eos != kNoToken) json["forced_eos_token_id"] = c.forced_eos;
  json["max_length"] = c.max_len_b;
  if (c.min_len > 0 || whole) json["min_length"] = c.min_len;
  if (c.n_best > 1) json["num_return_sequences"] = c.n_best;
  if (c.no_repeat_ngram > 0) json["no_repeat_ngram_size"] = c.no_repeat_ngram;
  if (c.beam > 1 || whole) {
    json["num_beams"] = c.beam;
    json["length_penalty"] = c.length_penalty;
    if (c.early_stopping == EarlyStopping::never)
      json["early_stopping"] = "never";
    else
      json["early_stopping"] = c.early_stopping == EarlyStopping::yes;
  }
  if (c.sampling) {
    json["do_sample"] = true;
    json["top_k"] = c.top_k;
    json["top_p"] = c.top_p;
    json["temperature"] = c.temperature;
  }
  return json;
}

}  // namespace

GenerationConfig read_hf_generation(const std::string& folder, const TransformerConfig& model) {
  GenerationConfig config = defaults_of(SearchRule::hf, model);
  const fs::path own = fs::path(folder) / kGenerationFile;
  const bool has_own = fs::exists(own);
  if (!has_own) config.forced_eos = model.eos;  // the default of their configuration classes
  take_search(keys_of(has_own ? own : fs::path(folder) / "config.json"), config, model.vocab);
  return config;
}

std::optional<GenerationConfig> read_own_generation(const std::string& folder, const TransformerConfig& model) {
  const fs::path file = fs::path(folder) / kGenerationFile;
  if (!fs::exists(file)) return std::nullopt;
  const JsonKeys keys = keys_of(file);
  if (!keys.has(kRule)) return std::nullopt;
  std::string rule;
  keys.take(kRule, rule);
  if (rule != kHf && rule != kFairseq) keys.refuse(kRule, "must be \"hf\" or \"fairseq\"");
  GenerationConfig config = defaults_of(rule == kHf ? SearchRule::hf : SearchRule::fairseq, model);
  take_search(keys, config, model.vocab);
  if (rule == kFairseq) keys.take_in(kLengthFactor, config.max_len_a, 0);
  return config;
}

int32_t read_hf_decoder_start(const std::string& folder, const TransformerConfig& model) {
  int32_t start = model.decoder_start;
  const fs::path own = fs::path(folder) / kGenerationFile;
  if (fs::exists(own)) take_id(keys_of(own), "decoder_start_token_id", start, model.vocab);
  return start;
}

std::string generation_to_hf(const GenerationConfig& config, const TransformerConfig& model) {
  return to_json(config, model, false).dump(2) + "\n";
}

std::string generation_to_own(const GenerationConfig& config, const TransformerConfig& model) {
  nlohmann::ordered_json json = {{kRule, config.rule == SearchRule::hf ? kHf : kFairseq}};
  if (config.max_len_a > 0) json[kLengthFactor] = config.max_len_a;
  json.update(to_json(config, model, true));
  return json.dump(2) + "\n";
}

}  // namespace lowbit
