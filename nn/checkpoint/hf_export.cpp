#include "nn/checkpoint/hf_export.h"

#include <filesystem>

#include "core/error.h"
#include "core/files/atomic.h"
#include "core/files/safetensors.h"
#include "nn/checkpoint/hf_config.h"
#include "nn/checkpoint/hf_generation.h"
#include "nn/checkpoint/hf_import.h"
#include "nn/checkpoint/hf_names.h"
#include "nn/module_state.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

void refuse_quantizers(Seq2Seq& model) {
  model.each_slot([](const std::string& path, Slot& slot) {
    LB_REQUIRE(slot.empty(), ErrorKind::usage, "export",
               "{} holds {}, and Hugging Face's classes compute in floats: leave --format out for packed codes", path,
               slot.describe());
  });
}

StateDict hf_state(Seq2Seq& model) {
  StateDict state;
  state.metadata["format"] = "pt";
  const Tensor none = Tensor::zeros({model.config().vocab});
  Tensor bias = none;
  for (const auto& [path, tensor] : module_state(model).tensors) {
    if (hf_name(path) == "final_logits_bias")
      bias = tensor;
    else
      state.tensors[hf_name(path)] = tensor;
  }
  state.tensors["final_logits_bias"] = bias.reshape({1, bias.numel()});
  return state;
}

/// The configuration as the written files say it: nothing of `init` and `unk`, always with the constant.
TransformerConfig as_written(TransformerConfig config) {
  const TransformerConfig decoder = config.of_decoder();
  config.decoder_heads = decoder.heads == config.heads ? 0 : decoder.heads;
  config.decoder_ffn_dim = decoder.ffn_dim == config.ffn_dim ? 0 : decoder.ffn_dim;
  config.init = WeightInit::none;
  config.unk = TransformerConfig().unk;
  config.logits_bias = true;
  return config;
}

}  // namespace

void write_hf_model(Seq2Seq& model, const GenerationConfig& generation, const std::string& folder) {
  refuse_quantizers(model);
  TransformerConfig config = model.config();
  config.decoder_start = generation.decoder_start;
  const fs::path path = folder;
  const StateDict state = hf_state(model);
  write_file_atomically((path / "config.json").string(), config_to_hf(config));
  write_file_atomically((path / "generation_config.json").string(), generation_to_hf(generation, config));
  save_safetensors((path / "model.safetensors").string(), state);
  const ImportedModel again = import_hf_folder(folder);
  LB_REQUIRE(again.model->config() == as_written(config), ErrorKind::self_check, "export",
             "config.json reads back as another model; nothing was exported");
  check_read_back(state, hf_state(*again.model));
}

}  // namespace lowbit
