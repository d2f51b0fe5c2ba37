#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/kernels/elementwise_ops.h"

namespace lowbit {

enum class Positions : uint8_t { learned, sinusoidal };
/// xavier: fairseq's transformer.  normal: N(0, 0.02) everywhere, as BERT, BART and mBART.  none: undefined, to be
/// loaded.
enum class WeightInit : uint8_t { xavier, normal, none };

/// Every encoder-decoder transformer here: Vaswani's, BART's, mBART's, by preset.
struct TransformerConfig {
  int64_t vocab = 0;
  int64_t dim = 512;
  int64_t encoder_layers = 6, decoder_layers = 6;
  int64_t heads = 8;
  int64_t ffn_dim = 2048;
  int64_t decoder_heads = 0, decoder_ffn_dim = 0;  ///< where the decoder differs; 0: as the encoder
  Unary activation = Unary::relu;
  bool pre_norm = false;             ///< x + f(LN(x)) and a norm at the end of each stack, else LN(x + f(x))
  bool layernorm_embedding = false;  ///< a norm after the embeddings (BART)
  bool scale_embedding = true;       ///< token embeddings times sqrt(dim)
  bool logits_bias = false;          ///< a constant added to the logits (BART's final_logits_bias)
  Positions positions = Positions::sinusoidal;
  int64_t max_positions = 1024;
  double dropout = 0.1, attention_dropout = 0, activation_dropout = 0;
  WeightInit init = WeightInit::xavier;
  int32_t bos = 0, pad = 1, eos = 2, unk = 3;
  int32_t decoder_start = 2;

  int64_t head_dim() const { return dim / heads; }
  /// The same with the decoder's heads and ffn_dim.
  TransformerConfig of_decoder() const;
  bool operator==(const TransformerConfig&) const = default;
};

/// Architecture by name (docs/models.md). Unknown name: Error (usage) with the nearest one.
TransformerConfig transformer_preset(std::string_view name);
std::vector<std::string> transformer_preset_names();

/// Errors (usage) for sizes that cannot work, naming the key.
void validate(const TransformerConfig& config);

/// config.json of a model folder, with Hugging Face's key names for BART-like models.
std::string to_json(const TransformerConfig& config);
TransformerConfig transformer_config_from_json(std::string_view text, const std::string& where);

}  // namespace lowbit
