#include <gtest/gtest.h>

#include <cmath>

#include "autograd/grad_mode.h"
#include "nn/generate/generate.h"
#include "nn/generate/seq2seq_stepper.h"
#include "optim/adam.h"
#include "optim/param_groups.h"
#include "tests/support/golden_model.h"

namespace lowbit {
namespace {

using testing::GoldenModel;

/// Our whole model against one written in PyTorch, and against Transformers' BART, with the same weights.
class GoldenTransformer : public ::testing::TestWithParam<const char*> {
 protected:
  GoldenModel golden_ = testing::load_golden_model(GetParam());
};

double largest_difference(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(a.numel(), b.numel());
  double largest = 0;
  for (int64_t i = 0; i < a.numel(); ++i)
    largest = std::max(largest, std::abs(double{a.data<float>()[i]} - b.data<float>()[i]));
  return largest;
}

double norm(const Tensor& x) {
  double sum = 0;
  for (const float v : x.to_vector<float>()) sum += double{v} * v;
  return std::sqrt(sum);
}

TEST_P(GoldenTransformer, Logits) {
  GradMode off(false);
  const EncoderOutput memory = golden_.model->encoder().forward(golden_.batch.source, golden_.batch.source_visible, {});
  const Variable logits =
      golden_.model->logits(golden_.model->decoder().forward(golden_.batch.target_in, memory, {}), {});
  // Positions that are padding have no meaning on either side.
  const Tensor& expected = golden_.values.tensors.at("output.logits");
  const uint8_t* visible = golden_.batch.target_visible.data<uint8_t>();
  const int64_t vocab = expected.shape().last();
  for (int64_t r = 0; r < expected.shape().rows(); ++r)
    for (int64_t v = 0; visible[r] && v < vocab; ++v)
      ASSERT_NEAR(logits.value().data<float>()[r * vocab + v], expected.data<float>()[r * vocab + v], 2e-5)
          << "row " << r;
}

TEST_P(GoldenTransformer, LossAndEveryGradient) {
  const LossSum loss = cross_entropy_objective(*golden_.model, golden_.batch, golden_.about.at("smoothing"), {});
  const double tokens = static_cast<double>(loss.tokens);
  EXPECT_NEAR(loss.sum.value().item() / tokens, golden_.values.tensors.at("output.loss").item(), 1e-6);
  loss.sum.backward(Tensor::scalar(static_cast<float>(1 / tokens)));
  int64_t compared = 0;
  golden_.model->each_parameter([&](const std::string& path, Parameter& parameter) {
    if (path == "output_projection.bias") return;  // a constant in BART
    const Tensor& expected = golden_.grads.tensors.at(testing::golden_name(path));
    ASSERT_TRUE(parameter.value.has_grad()) << path;
    EXPECT_LE(largest_difference(parameter.value.grad(), expected), 1e-4 * norm(expected) + 1e-7) << path;
    ++compared;
  });
  EXPECT_EQ(compared, static_cast<int64_t>(golden_.grads.tensors.size()));
}

TEST_P(GoldenTransformer, TenTrainingLosses) {
  const auto& training = golden_.about.at("training");
  Adam optimizer(group_parameters(*golden_.model, {.weight_decay = training.at("weight_decay")}),
                 {.beta1 = training.at("betas").at(0), .beta2 = training.at("betas").at(1), .eps = training.at("eps")});
  for (const double expected : training.at("losses")) {
    const LossSum loss = cross_entropy_objective(*golden_.model, golden_.batch, golden_.about.at("smoothing"), {});
    const double tokens = static_cast<double>(loss.tokens);
    EXPECT_NEAR(loss.sum.value().item() / tokens, expected, 2e-5);
    loss.sum.backward();
    optimizer.step(training.at("lr"), 1 / tokens);
    optimizer.clear_grads();
  }
}

TEST_P(GoldenTransformer, IncrementalDecodingGivesTheSameLogits) {
  GradMode off(false);
  const EncoderOutput memory = golden_.model->encoder().forward(golden_.batch.source, golden_.batch.source_visible, {});
  const Tensor full = golden_.model->decoder().forward(golden_.batch.target_in, memory, {}).value();
  Decoder::Cache cache;
  const int64_t batch = full.shape()[0], length = full.shape()[1], dim = full.shape()[2];
  for (int64_t t = 0; t < length; ++t) {
    std::vector<int32_t> ids;
    for (int64_t b = 0; b < batch; ++b) ids.push_back(golden_.batch.target_in.data<int32_t>()[b * length + t]);
    const Tensor step = golden_.model->decoder().step(Tensor::from(Shape{batch, 1}, ids), memory, cache, {}).value();
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t d = 0; d < dim; ++d)
        ASSERT_NEAR(step.data<float>()[b * dim + d], full.data<float>()[(b * length + t) * dim + d], 1e-5)
            << "position " << t;
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, GoldenTransformer,
                         ::testing::Values("transformer_pre", "transformer_post", "bart_tiny"),
                         [](const auto& test) { return std::string(test.param); });

/// Tokens of each sentence's best hypotheses.
std::vector<std::vector<std::vector<int32_t>>> generated(GoldenModel& golden, int64_t beam) {
  const auto& g = golden.about.at("generation");
  GenerationConfig config{.rule = SearchRule::hf,
                          .beam = beam,
                          .n_best = beam,
                          .max_len_b = g.at("max_length"),
                          .min_len = g.at("min_length"),
                          .no_repeat_ngram = g.at("no_repeat_ngram_size")};
  config.forced_bos = g.at("forced_bos_token_id");
  config.forced_eos = g.at("forced_eos_token_id");
  config.decoder_start = g.at("decoder_start_token_id");
  if (beam > 1) {
    config.length_penalty = g.at("length_penalty");
    config.early_stopping = EarlyStopping::yes;
  }
  Seq2SeqStepper stepper(*golden.model, golden.batch.source, golden.batch.source_visible);
  std::vector<std::vector<std::vector<int32_t>>> tokens;
  for (const auto& hypotheses : generate(stepper, std::vector<GenerationRequest>(3), config)) {
    tokens.emplace_back();
    for (const Hypothesis& h : hypotheses) tokens.back().push_back(h.tokens);
  }
  return tokens;
}

TEST(GoldenBart, GreedyAndBeamSearchFindTransformersSentences) {
  GoldenModel golden = testing::load_golden_model("bart_tiny");
  EXPECT_EQ(generated(golden, 1), golden.about.at("greedy").get<std::vector<std::vector<std::vector<int32_t>>>>());
  EXPECT_EQ(generated(golden, 4), golden.about.at("beam4").get<std::vector<std::vector<std::vector<int32_t>>>>());
}

}  // namespace
}  // namespace lowbit
