#pragma once

#include <algorithm>
#include <filesystem>

#include "nn/checkpoint/hf_export.h"
#include "tests/apps/tiny_run.h"

namespace lowbit::test {

inline TransformerConfig small_bart() {
  TransformerConfig config = transformer_preset("bart-base");
  config.vocab = 605;  // of tests/golden/bpe
  config.dim = 16;
  config.encoder_layers = config.decoder_layers = 1;
  config.heads = 2;
  config.ffn_dim = 32;
  config.max_positions = 200;
  return config;
}

/// A Hugging Face folder of a small random BART with its tokenizer, through every verb that reads models.
class HfVerbs : public TinyRun {
 protected:
  HfVerbs() : HfVerbs({.rule = SearchRule::hf, .beam = 3, .max_len_b = 9, .min_len = 0}) {}
  /// The folder's search, beside forced first and last tokens.
  explicit HfVerbs(GenerationConfig generation) {
    std::filesystem::create_directory(path("bart"));
    Seq2Seq model(small_bart(), 3);
    generation.forced_bos = 0;
    generation.forced_eos = 2;
    write_hf_model(model, generation, path("bart"));
    for (const char* file : {"vocab.json", "merges.txt"})
      std::filesystem::copy_file(std::string(LB_TEST_DIR "/golden/bpe/") + file, path("bart/") + file);
  }
  Outcome succeed(const std::vector<std::string>& arguments) {
    Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << arguments[0] << ": " << outcome.err;
    return outcome;
  }
  /// A training that starts from it, without the options of a fresh model.
  std::vector<std::string> from_bart(const std::string& verb, const std::string& name,
                                     const std::vector<std::string>& more) {
    std::vector<std::string> all = training(verb, name, more);
    const auto arch = std::find(all.begin(), all.end(), "--arch");
    all.erase(arch, arch + 2);
    return all;
  }
};

}  // namespace lowbit::test
