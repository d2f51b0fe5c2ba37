#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "core/files/safetensors.h"
#include "tests/support/temp_dir.h"

namespace lowbit::test {

inline std::string golden_hf(const std::string& name) { return LB_TEST_DIR "/golden/" + name; }

/// A copy of a golden Hugging Face folder that a test may spoil.
class HfFolder {
 public:
  explicit HfFolder(const std::string& name) : weights(load_safetensors(golden_hf(name) + "/model.safetensors")) {
    for (const char* file : {"config.json", "generation_config.json", "model.safetensors"})
      std::filesystem::copy_file(golden_hf(name) + "/" + file, path(file));
  }

  std::string path(const std::string& file = "") const { return folder_.path(file); }
  /// Puts `weights` into the folder.
  void save() const { save_safetensors(path("model.safetensors"), weights); }
  /// One key of a JSON file; null takes it away.
  void set(const std::string& file, const std::string& key, const nlohmann::json& value) const {
    nlohmann::json json = nlohmann::json::parse(contents(path(file)));
    if (value.is_null())
      json.erase(key);
    else
      json[key] = value;
    std::ofstream(path(file)) << json.dump();
  }

  StateDict weights;

 private:
  TempDir folder_;
};

}  // namespace lowbit::test
