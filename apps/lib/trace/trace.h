#pragma once

#include <optional>
#include <string>

#include "core/files/state_dict.h"
#include "core/glob.h"
#include "nn/transformer/seq2seq.h"

namespace lowbit {

/// What to write down besides the results.
struct TraceOptions {
  bool grads = false;         ///< the backward of the loss too
  std::optional<Glob> sites;  ///< every op result whose site, "encoder.layers.0.fc1/linear", matches
};

/// One forward pass on given tensors, in f32 with exact products and without dropout. `inputs` has Hugging Face's names
/// and meaning, i64 [B, S] or [B, T]: input_ids, decoder_input_ids; if there, attention_mask (1: a token; absent: all)
/// and labels (-100: not counted). `where` names the file in messages.
///   returns  logits [B, T, V], encoder_last_hidden_state [B, S, D]; with labels the mean cross entropy, loss []; with
///            grads "grad.NAME" of every trained parameter by Hugging Face's name; the sites by their name, from the
///            second time on with a number: "decoder.layers.0/add#2"
/// Errors (data): a tensor is missing, of another type or shape, an id is outside the vocabulary, no label counts.
StateDict trace(Seq2Seq& model, const StateDict& inputs, const TraceOptions& options, const std::string& where);

}  // namespace lowbit
