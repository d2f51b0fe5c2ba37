#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/files/gguf.h"
#include "nn/transformer/seq2seq.h"

namespace lowbit {

/// What codes and floats become:
///   automatic  ternary and binary codes TQ2_0, 4-bit codes Q4_0, 8-bit codes Q8_0, floats F32
///   tq1_0      the same with TQ1_0 for ternary and binary codes
///   f16        the same with F16 for float matrices
enum class GgufTypes : uint8_t { automatic, tq1_0, f16 };

using GgufMetadata = std::vector<std::pair<std::string, GgufValue>>;

/// Freezes a model and writes it as a GGUF file: tensors under the paths of their parameters, the architecture under
/// the keys that llama.cpp's models have, with "lowbit" for their name, and config.json with every slot as the string
/// "lowbit.config"; after those the keys of `more`. Codes stay; a row's scale becomes the f16 scale of its blocks. Then
/// reads the file again and compares every code, scale and float. Returns what differs from the model and which tensors
/// have another type than `types` says, a line each: rows that are no multiple of 256 cannot be TQ2_0 or TQ1_0 and
/// become Q4_0, those that are no multiple of 32, or whose scale no f16 holds, F32.
/// Errors: (self_check); (data) cannot be written.
std::vector<std::string> write_gguf_model(Seq2Seq& model, GgufTypes types, const GgufMetadata& more,
                                          const std::string& path);

}  // namespace lowbit
