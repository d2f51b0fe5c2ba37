#include "apps/lib/train/start_model.h"

#include "core/files/safetensors.h"
#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

using StartOfAStudent = test::TinyRun;

TEST_F(StartOfAStudent, IsAnotherRunWhenOneIsGiven) {
  trained("teacher", {});
  const std::vector<std::string> low = {"--teacher", path("teacher"), "--recipe", "tbt-2-2-8"};
  ASSERT_EQ(run(training("distill", "first", low)).code, 0);
  std::vector<std::string> more = low;
  more.insert(more.end(), {"--finetune-from", path("first"), "--output-bits", "2", "--lr", "0"});
  ASSERT_EQ(run(training("distill", "second", more)).code, 0);
  const auto masters = [&](const std::string& name) {
    return load_safetensors(path(name + "/checkpoint_last/model.safetensors"))
        .tensors.at("decoder.layers.0.fc1.weight")
        .to_vector<float>();
  };
  EXPECT_EQ(masters("second"), masters("first")) << "nothing moved at rate 0: it started from the first student";
  EXPECT_NE(masters("first"), masters("teacher"));
  ASSERT_EQ(run({"export", path("first"), "--out", path("packed")}).code, 0);
  more.back() = "0.1";
  *(more.end() - 5) = path("packed");
  const test::Outcome packed = run(training("distill", "third", more));
  EXPECT_EQ(packed.code, 2);
  EXPECT_NE(packed.err.find("is packed"), std::string::npos) << packed.err;
}

}  // namespace
}  // namespace lowbit
