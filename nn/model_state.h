#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/files/state_dict.h"
#include "nn/transformer/seq2seq.h"

namespace lowbit {

/// A model as named tensors, quantizers included. Floats stand under the paths of their parameters; a frozen weight as
///   PATH.codes  u8, packed rows (core/quant/packing.h)     PATH.scale  f32 [rows] or [1]
/// unless a weight before it has the same ("stored_as"), as a table that is looked up and multiplied with may.
/// The metadata "lowbit.config" holds config.json: the architecture, and in "quantization_config" what every slot
/// holds.
StateDict model_state(Seq2Seq& model);

/// Whether the metadata of a file are those of model_state().
bool describes_model(const std::map<std::string, std::string>& metadata);

/// The architecture in the metadata of such a state. Errors (model) naming `where`.
TransformerConfig model_config(const std::map<std::string, std::string>& metadata, const std::string& where);

/// Changes what does not belong to the tensors, such as dropout.
using ConfigEdit = std::function<TransformerConfig(TransformerConfig)>;

/// The model that model_state() described, in f32, with an edited configuration if there is an `edit`. Errors (model)
/// naming `where` and the tensor: missing, left over, of another shape; no or another kind of metadata.
std::unique_ptr<Seq2Seq> model_from_state(const StateDict& state, const std::string& where,
                                          const ConfigEdit& edit = {});

/// Puts the state of a checkpoint into a model of the same architecture and recipe. Errors (model) as above, and when
/// what fills the slots differs; the model is unchanged then.
void restore_model(Seq2Seq& model, const StateDict& state, const std::string& where);

/// config.json of the model.
std::string model_config_json(Seq2Seq& model);

}  // namespace lowbit
