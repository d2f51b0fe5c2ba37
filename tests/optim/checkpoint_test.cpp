#include "optim/checkpoint.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using test::contents;
using test::expect_error;
using test::TempDir;

Checkpoint sample() {
  Checkpoint checkpoint;
  checkpoint.model.tensors = {{"weight", random_normal({3, 4}, 0, 1, 1)}, {"bias", random_normal({3}, 0, 1, 2)}};
  checkpoint.optimizer.tensors = {{"weight.updates", Tensor::from<int64_t>({}, {7})}};
  checkpoint.optimizer.metadata = {{"optimizer", "adamw"}};
  checkpoint.ema.tensors = {{"weight", random_normal({3, 4}, 0, 1, 3)}};
  checkpoint.state.updates = 7;
  return checkpoint;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Checkpoint, ComesBack) {
  const TempDir root;
  const Checkpoint saved = sample();
  save_checkpoint(root.path("c"), saved);
  EXPECT_EQ(names_in(root.path("c")), (std::vector<std::string>{"checksums.txt", "ema.safetensors", "model.safetensors",
                                                                "optimizer.safetensors", "state.json"}));
  const Checkpoint loaded = load_checkpoint(root.path("c"));
  EXPECT_EQ(loaded.model.tensors.at("weight").to_vector<float>(), saved.model.tensors.at("weight").to_vector<float>());
  EXPECT_EQ(loaded.ema.tensors.at("weight").to_vector<float>(), saved.ema.tensors.at("weight").to_vector<float>());
  EXPECT_EQ(*loaded.optimizer.tensors.at("weight.updates").data<int64_t>(), 7);
  EXPECT_EQ(loaded.optimizer.metadata, saved.optimizer.metadata);
  EXPECT_EQ(loaded.state.updates, 7);
}

TEST(Checkpoint, SameContentsSameBytes) {
  const TempDir root;
  save_checkpoint(root.path("a"), sample());
  save_checkpoint(root.path("b"), sample());
  for (const std::string& name : names_in(root.path("a")))
    EXPECT_EQ(contents(root.path("a/" + name)), contents(root.path("b/" + name))) << name;
}

TEST(Checkpoint, AnAverageIsOptional) {
  const TempDir root;
  Checkpoint checkpoint = sample();
  save_checkpoint(root.path("c"), checkpoint);
  checkpoint.ema = {};
  save_checkpoint(root.path("c"), checkpoint);
  EXPECT_FALSE(fs::exists(root.path("c/ema.safetensors"))) << "left over from the folder that was replaced";
  EXPECT_TRUE(load_checkpoint(root.path("c")).ema.tensors.empty());
}

TEST(Checkpoint, OneWrongBitAnywhereIsFound) {
  const TempDir root;
  save_checkpoint(root.path("c"), sample());
  for (const std::string& name : names_in(root.path("c"))) {
    const std::string path = root.path("c/" + name), good = contents(path);
    for (const size_t place : {size_t{0}, good.size() / 2, good.size() - 1}) {
      std::string bad = good;
      bad[place] = static_cast<char>(bad[place] ^ 4);
      std::ofstream(path, std::ios::binary) << bad;
      expect_error(ErrorKind::model, {root.path("c").c_str()}, [&] { load_checkpoint(root.path("c")); });
    }
    std::ofstream(path, std::ios::binary) << good.substr(0, good.size() - 1);
    expect_error(ErrorKind::model, {root.path("c").c_str()}, [&] { load_checkpoint(root.path("c")); });
    fs::remove(path);
    expect_error(ErrorKind::model, {name.c_str()}, [&] { load_checkpoint(root.path("c")); });
    std::ofstream(path, std::ios::binary) << good;
  }
  EXPECT_EQ(load_checkpoint(root.path("c")).state.updates, 7);
}

}  // namespace
}  // namespace lowbit
