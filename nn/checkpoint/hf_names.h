#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lowbit {

/// The name that Hugging Face's BartForConditionalGeneration and MBartForConditionalGeneration give to the parameter at
/// our `path`: "encoder.layers.0.fc1.weight" is "model.encoder.layers.0.fc1.weight", the token table
/// "model.shared.weight", the constant on the logits "final_logits_bias".
std::string hf_name(std::string_view path);

/// fairseq's name for it: "encoder.layers.0.fc1.weight" as it is, the token table "encoder.embed_tokens.weight".
std::string fairseq_name(std::string_view path);

/// What a tensor in somebody's file is.
struct FileName {
  enum class Role : uint8_t {
    parameter,  ///< of ours, at `path`
    alias,      ///< a further copy of the token table, `path`
    ignored,    ///< no weight: a version marker, a buffer
  };
  Role role = Role::parameter;
  std::string path;
};

/// Our name for a tensor called `name` in a file of Hugging Face (with or without "model."), of fairseq, or of either
/// wrapped for data parallel training ("module."). Whether the model has a parameter of that path is for the caller.
FileName understand_name(std::string_view name);

}  // namespace lowbit
