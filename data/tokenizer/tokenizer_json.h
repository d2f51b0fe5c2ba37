#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace lowbit {

/// A byte-level BPE in the two files that it had before tokenizer.json.
struct BpeFiles {
  std::string vocabulary;        ///< vocab.json: tokens to ids
  std::string merges;            ///< merges.txt: a pair a line
  bool mask_takes_space = true;  ///< <mask> takes the white space before it along
};

/// Whether <mask>, as the files describe added tokens, takes the white space before it along; nothing where `token` is
/// another one, or no description.
std::optional<bool> lstrip_of_mask(const nlohmann::json& token);

/// The same of the added tokens in a tokenizer.json, whatever else it holds. Error (model): no JSON object.
std::optional<bool> read_lstrip_of_mask(const std::filesystem::path& tokenizer_json);

/// The BPE in a tokenizer.json of the tokenizers library, as BART has it. Errors (model) naming the file and what is
/// otherwise: another model, a normalizer, another pre-tokenizer, an added token that the vocabulary lacks.
BpeFiles read_bpe_tokenizer_json(const std::filesystem::path& path);

}  // namespace lowbit
