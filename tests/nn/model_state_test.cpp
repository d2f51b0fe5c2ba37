#include "nn/model_state.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/allocator.h"
#include "nn/quant/recipe.h"
#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

using test::expect_error;

class ModelState : public ::testing::Test {
 protected:
  ModelState() {
    model_.each_slot([](const std::string& path, Slot& slot) {
      if (path == kSlot) slot.assign("bwn per=row");
    });
    freeze_tree(model_);
    state_ = model_state(model_);
  }
  /// One key of the slot in the file's description; null: as it is.
  void set(const char* key, const nlohmann::json& value) {
    auto config = nlohmann::json::parse(state_.metadata.at("lowbit.config"));
    config["quantization_config"]["slots"][kSlot][key] = value;
    state_.metadata["lowbit.config"] = config.dump();
  }
  void expect_refused(ErrorKind kind, std::initializer_list<const char*> words) {
    expect_error(kind, words, [&] { model_from_state(state_, "some/model.safetensors"); });
  }

  static constexpr const char* kSlot = "encoder.layers.0.fc1.weight";
  Seq2Seq model_{{.vocab = 20, .dim = 8, .encoder_layers = 1, .decoder_layers = 1, .heads = 2, .ffn_dim = 12}, 3};
  StateDict state_;
};

TEST_F(ModelState, WhatIsWrongInItIsTheFilesFault) {
  EXPECT_NE(model_from_state(state_, "some/model.safetensors"), nullptr);
  const StateDict whole = state_;
  set("quantizer", "bwn per=column");
  expect_refused(ErrorKind::model, {"per must be", "(in some/model.safetensors)"});
  set("quantizer", "nothing");
  expect_refused(ErrorKind::model, {"unknown quantizer nothing", "(in some/model.safetensors)"});
  state_ = whole;
  set("shape", {-12, 8});
  expect_refused(ErrorKind::model, {"[-12, 8]", "(in some/model.safetensors)"});
  set("shape", "wide");
  expect_refused(ErrorKind::model, {"quantization_config is broken"});
  state_ = whole;
  set("codes", "bit");
  expect_refused(ErrorKind::model, {kSlot, "signed codes, not bit", "(in some/model.safetensors)"});
  state_ = whole;
  state_.tensors.erase("encoder.layers.0.fc1.weight.codes");
  expect_refused(ErrorKind::model, {"no tensor encoder.layers.0.fc1.weight.codes", "(in some/model.safetensors)"});
}

/// The address space may grow by `bytes` while this lives.
class RoomLimit {
 public:
  explicit RoomLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_AS, &old_);
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlimit limit = {pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_AS, &limit);
  }
  ~RoomLimit() { ::setrlimit(RLIMIT_AS, &old_); }

 private:
  rlimit old_{};
};

TEST_F(ModelState, WantOfMemoryIsNotItsFault) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers end a process that has no room";
#endif
  state_.tensors["encoder.layers.0.fc2.bias"] = Tensor::zeros({int64_t{1} << 25}, DType::f16);  // wanted as f32
  allocator({}).trim();
  const RoomLimit limit(rlim_t{1} << 26);
  expect_refused(ErrorKind::memory, {"out of memory", "(in some/model.safetensors)"});
}

}  // namespace
}  // namespace lowbit
