#pragma once

#include <filesystem>
#include <optional>

#include "data/tokenizer/fairseq_dictionary.h"
#include "data/tokenizer/tokenizer_json.h"

namespace lowbit {

/// The files of GPT-2's BPE in a folder, by fairseq's names for them or Hugging Face's: encoder.json or vocab.json,
/// vocab.bpe or merges.txt.
struct Gpt2Files {
  std::filesystem::path vocabulary, merges;
  bool complete() const { return !vocabulary.empty() && !merges.empty(); }
};
Gpt2Files find_gpt2_files(const std::filesystem::path& folder);

/// fairseq's BART writes GPT-2's ids as decimal symbols and looks them up in its dictionary; this is the one map from
/// tokens to the ids in the end, as in Hugging Face's vocab.json. Nothing when the vocabulary is such a map already,
/// with <s> in it. Errors (model) naming the file: no JSON map of tokens to ids, a token whose id the dictionary lacks.
std::optional<BpeFiles> compose_fairseq_bpe(const Gpt2Files& files, const FairseqDictionary& dictionary);

}  // namespace lowbit
