#include <gtest/gtest.h>

#include "core/error.h"
#include "nn/checkpoint/hf_import.h"
#include "nn/module_state.h"
#include "tests/nn/checkpoint/hf_folder.h"
#include "tests/nn/checkpoint/torch/torch_archive.h"
#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

using test::HfFolder;

constexpr const char* kBin = "pytorch_model.bin";

std::string bin_golden(const std::string& name) { return LB_TEST_DIR "/golden/torch/" + name; }

/// hf_bart with this file in the place of model.safetensors.
class BinFolder : public HfFolder {
 public:
  explicit BinFolder(const std::string& bytes) : HfFolder("hf_bart") {
    std::filesystem::remove(path("model.safetensors"));
    if (!bytes.empty()) test::write(path(kBin), bytes);
  }
  void expect_refused(std::initializer_list<const char*> words) const {
    test::expect_error(ErrorKind::model, words, [&] { import_hf_folder(path()); });
  }
};

void expect_same(Seq2Seq& a, Seq2Seq& b) {
  const StateDict left = module_state(a), right = module_state(b);
  ASSERT_EQ(left.tensors.size(), right.tensors.size());
  for (const auto& [name, tensor] : left.tensors) {
    const Tensor& other = right.tensors.at(name);
    ASSERT_EQ(tensor.shape(), other.shape()) << name;
    EXPECT_EQ(std::memcmp(tensor.raw(), other.raw(), tensor.bytes()), 0) << name;
  }
}

TEST(HfTorch, GivesTheModelOfTheSafetensorsBitForBit) {
  const ImportedModel expected = import_hf_folder(test::golden_hf("hf_bart"));
  for (const char* name : {"bart.bin", "bart-stream.bin"}) {
    const BinFolder folder(test::contents(bin_golden(name)));
    EXPECT_TRUE(is_hf_folder(folder.path()));
    const ImportedModel imported = import_hf_folder(folder.path());
    expect_same(*imported.model, *expected.model);
    EXPECT_EQ(imported.report.used, expected.report.used);
    EXPECT_EQ(imported.report.files, (std::vector<std::string>{folder.path(kBin)}));
    EXPECT_EQ(imported.report.aliases, (std::vector<std::string>{"lm_head.weight", "model.decoder.embed_tokens.weight",
                                                                 "model.encoder.embed_tokens.weight"}));
    EXPECT_TRUE(imported.report.renamed.empty() && imported.report.filled.empty() && imported.report.notes.empty());
  }
}

TEST(HfTorch, SafetensorsComeFirst) {
  const HfFolder folder("hf_bart");
  test::write(folder.path(kBin), "no weights");
  expect_same(*import_hf_folder(folder.path()).model, *import_hf_folder(test::golden_hf("hf_bart")).model);
}

TEST(HfTorch, ReadsShards) {
  const BinFolder folder("");
  nlohmann::json map;
  for (const auto& [name, tensor] : folder.weights.tensors) map[name] = "a.bin";
  for (const char* copy : {"lm_head.weight", "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight"})
    map[copy] = "a.bin";
  std::filesystem::copy_file(bin_golden("bart.bin"), folder.path("a.bin"));
  const auto write_index = [&] {
    std::ofstream(folder.path("pytorch_model.bin.index.json")) << nlohmann::json{{"weight_map", map}}.dump();
  };
  write_index();
  EXPECT_TRUE(is_hf_folder(folder.path()));
  const ImportedModel imported = import_hf_folder(folder.path());
  expect_same(*imported.model, *import_hf_folder(test::golden_hf("hf_bart")).model);
  EXPECT_EQ(imported.report.files,
            (std::vector<std::string>{folder.path("pytorch_model.bin.index.json"), folder.path("a.bin")}));
  map["lost"] = "a.bin";
  write_index();
  folder.expect_refused({"a.bin", "no tensor \"lost\"", "pytorch_model.bin.index.json"});
  map.erase("lost");
  map.erase("lm_head.weight");
  write_index();
  folder.expect_refused({"lm_head.weight", "does not list"});
}

TEST(HfTorch, RefusesByTheSameRules) {
  BinFolder(bin_golden("")).expect_refused({kBin, "no file that torch.save wrote"});
  BinFolder(test::contents(bin_golden("training.bin"))).expect_refused({kBin, "\"args\"", "is no tensor"});
  BinFolder(test::contents(bin_golden("awkward.bin"))).expect_refused({kBin, "missing", "not of such a model"});
  BinFolder("").expect_refused({"neither model.safetensors nor pytorch_model.bin"});
  const BinFolder other(test::contents(bin_golden("bart.bin")));
  other.set("config.json", "vocab_size", 30);
  other.expect_refused({kBin, "model.shared.weight", "[29, 12]"});
  // A pickle that would run a program when unpickled.
  BinFolder(test::torch_archive("\x80\x02"
                                "cposix\nsystem\n" +
                                test::pickled("true") + "\x85R."))
      .expect_refused({kBin, "byte 2", "posix.system"});
}

TEST(HfTorch, ATensorOfAnotherNameIsMissingAndUnexpected) {
  std::string bytes = test::contents(bin_golden("bart-stream.bin"));
  const std::string name = "model.encoder.layers.0.fc1.bias";
  bytes.replace(bytes.find(name), name.size(), "model.encoder.layers.0.fc9.bias");
  BinFolder(bytes).expect_refused({kBin, "1 tensor missing", name.c_str(), "fc9.bias"});
}

}  // namespace
}  // namespace lowbit
