#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/files/state_dict.h"
#include "nn/loss/objective.h"

namespace lowbit::testing {

/// A model whose values PyTorch or Transformers computed, as tests/golden/golden_io.py lays it out.
struct GoldenModel {
  nlohmann::json about;  ///< config, smoothing, training losses, generations
  StateDict values, grads;
  std::unique_ptr<Seq2Seq> model;
  Seq2SeqBatch batch;
};

/// tests/golden/NAME.safetensors and its gradients, and our model with the same weights and no dropout.
GoldenModel load_golden_model(const std::string& name);

/// The file's name of one of our parameters.
std::string golden_name(const std::string& path);

}  // namespace lowbit::testing
