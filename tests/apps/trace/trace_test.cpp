#include "apps/lib/trace/trace.h"

#include <gtest/gtest.h>

#include <cmath>

#include "apps/lib/model/model_folder.h"
#include "core/files/safetensors.h"
#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

std::string golden(const std::string& name) { return LB_TEST_DIR "/golden/" + name; }

double distance(const Tensor& a, const Tensor& b, bool largest) {
  double sum = 0, most = 0;
  for (int64_t i = 0; i < a.numel(); ++i) {
    const double d = double{a.data<float>()[i]} - b.data<float>()[i];
    sum += d * d;
    most = std::max(most, std::abs(d));
  }
  return largest ? most : std::sqrt(sum);
}

double norm(const Tensor& x) { return distance(x, Tensor::zeros(x.shape()), false); }

/// `lowbit trace FOLDER` against the float64 figures of transformers (tests/golden/make_hf.py).
class Trace : public test::TinyRun, public ::testing::WithParamInterface<const char*> {
 protected:
  StateDict traced(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {
        "trace", golden(GetParam()), "--inputs", golden(GetParam()) + "/expected.safetensors", "--out", path("out")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const test::Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return load_safetensors(path("out"));
  }
  const StateDict expected_ = load_safetensors(golden(GetParam()) + "/expected.safetensors");
};

TEST_P(Trace, GivesTransformersLogitsLossAndGradients) {
  const StateDict out = traced({"--grads"});
  size_t compared = 0;
  for (const auto& [name, expected] : expected_.tensors) {
    if (expected.dtype() != DType::f32) continue;  // an input
    ASSERT_TRUE(out.tensors.count(name)) << name;
    const Tensor& actual = out.tensors.at(name);
    ASSERT_EQ(actual.shape(), expected.shape()) << name;
    if (name == "loss")
      EXPECT_NEAR(actual.item(), expected.item(), 1e-6);
    else if (!name.starts_with("grad."))
      EXPECT_LE(distance(actual, expected, true), 2e-5) << name;
    else
      EXPECT_LE(distance(actual, expected, false), 1e-4 * norm(expected) + 1e-7) << name;
    ++compared;
  }
  EXPECT_EQ(compared, out.tensors.size());
  EXPECT_GT(compared, 80u);
}

TEST_P(Trace, WritesTheSitesAskedForAndNothingElse) {
  const StateDict out = traced({"--sites", "{encoder.layers.0.fc1,decoder.layers.1}/**"});
  EXPECT_TRUE(out.tensors.count("encoder.layers.0.fc1/linear"));
  EXPECT_TRUE(out.tensors.count("decoder.layers.1/add"));
  EXPECT_TRUE(out.tensors.count("decoder.layers.1/add#2"));
  EXPECT_FALSE(out.tensors.count("encoder.layers.1.fc1/linear"));
  EXPECT_FALSE(out.tensors.count("grad.model.shared.weight"));
  EXPECT_EQ(out.tensors.at("encoder.layers.0.fc1/linear").shape(), Shape({3, 8, 20}));
}

INSTANTIATE_TEST_SUITE_P(Transformers, Trace, ::testing::Values("hf_bart", "hf_mbart"),
                         [](const auto& test) { return std::string(test.param); });

class TraceInputs : public test::TinyRun {
 protected:
  void expect_refused(const StateDict& inputs, const std::vector<std::string>& words) {
    save_safetensors(path("in"), inputs);
    test::expect_failure(run({"trace", golden("hf_bart"), "--inputs", path("in"), "--out", path("out"), "--grads"}), 3,
                         words);
    EXPECT_FALSE(std::filesystem::exists(path("out")));
  }
};

TEST_F(TraceInputs, AreCheckedOneByOne) {
  const StateDict whole = load_safetensors(golden("hf_bart") + "/expected.safetensors");
  const auto with = [&](const std::string& name, const Tensor& tensor) {
    StateDict inputs = whole;
    inputs.tensors[name] = tensor;
    return inputs;
  };
  StateDict none = whole;
  none.tensors.erase("input_ids");
  expect_refused(none, {path("in"), "input_ids is missing"});
  Tensor ids = whole.tensors.at("decoder_input_ids").clone();
  ids.mutable_data<int64_t>()[1] = 29;
  expect_refused(with("decoder_input_ids", ids), {"decoder_input_ids", "29"});
  ids.mutable_data<int64_t>()[1] = -100;
  expect_refused(with("decoder_input_ids", ids), {"decoder_input_ids", "-100"});
  expect_refused(with("labels", Tensor::from(Shape{1, 1}, std::vector<int64_t>{4})), {"labels", "[1, 1]"});
  expect_refused(with("labels", Tensor::from(Shape{3, 7}, std::vector<int64_t>(21, -100))), {"labels", "no token"});
  expect_refused(with("attention_mask", Tensor::zeros({3, 8})), {"attention_mask", "i64"});
  expect_refused(with("input_ids", Tensor::zeros({3, 17}, DType::i64)), {"attention_mask", "[3, 8]"});
}

TEST_F(TraceInputs, AreDataToo) {
  const auto refused = [&](const std::vector<std::string>& words) {
    test::expect_failure(run({"trace", golden("hf_bart"), "--inputs", path("in"), "--out", path("out")}), 3, words);
  };
  refused({path("in"), "No such file"});
  write("in", "one two");
  refused({path("in"), "7 bytes are too few"});
  write("in", "one two three four\n");
  refused({path("in"), "not a safetensors file"});
  test::expect_failure(
      run({"trace", path("none"), "--inputs", golden("hf_bart") + "/expected.safetensors", "--out", path("out")}), 4,
      {path("none")});
}

TEST_F(TraceInputs, WithoutAMaskEveryTokenIsSeen) {
  StateDict inputs = load_safetensors(golden("hf_mbart") + "/expected.safetensors");
  const LoadedModel loaded = load_model(golden("hf_mbart"));
  const auto logits = [&] { return trace(*loaded.model, inputs, {}, "test").tensors.at("logits").to_vector<float>(); };
  const auto masked = logits();
  inputs.tensors["attention_mask"] = Tensor::from(Shape{3, 8}, std::vector<int64_t>(24, 1));
  const auto seen = logits();
  inputs.tensors.erase("attention_mask");
  EXPECT_EQ(logits(), seen);
  EXPECT_NE(masked, seen);
}

}  // namespace
}  // namespace lowbit
