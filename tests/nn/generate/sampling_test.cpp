#include "nn/generate/sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/random.h"
#include "nn/generate/generate.h"
#include "tests/nn/generate/table_stepper.h"

namespace lowbit {
namespace {

using testing::hash_model;
using testing::TableStepper;

constexpr float kNever = -std::numeric_limits<float>::infinity();

/// Frequencies of 20000 draws must be those of `expected`, each within five standard deviations, and exactly 0 for 0.
void expect_frequencies(std::span<const float> log_probs, int64_t top_k, double top_p, std::vector<double> expected) {
  constexpr int kDraws = 20000;
  std::vector<int> counts(expected.size(), 0);
  for (uint64_t i = 0; i < kDraws; ++i) {
    const double uniform = static_cast<double>(uniform_from_bits(philox(11, i)[0]));
    ++counts[static_cast<size_t>(draw_token(log_probs, top_k, top_p, uniform))];
  }
  for (size_t token = 0; token < expected.size(); ++token) {
    const double p = expected[token], deviation = std::sqrt(p * (1 - p) / kDraws);
    EXPECT_NEAR(static_cast<double>(counts[token]) / kDraws, p, 5 * deviation)
        << "token " << token << " top_k " << top_k << " top_p " << top_p;
  }
}

TEST(Sampling, FrequenciesAreTheRenormalisedProbabilities) {
  std::vector<float> log_probs;
  for (const float p : {0.1f, 0.4f, 0.05f, 0.15f, 0.3f}) log_probs.push_back(std::log(p));
  expect_frequencies(log_probs, 0, 1, {.1, .4, .05, .15, .3});
  expect_frequencies(log_probs, 2, 1, {0, 4. / 7, 0, 0, 3. / 7});
  expect_frequencies(log_probs, 9, 1, {.1, .4, .05, .15, .3});
  expect_frequencies(log_probs, 0, 0.6, {0, 4. / 7, 0, 0, 3. / 7});  // .4 + .3 reaches .6: both stay
  expect_frequencies(log_probs, 0, 0.8, {0, .4 / .85, 0, .15 / .85, .3 / .85});
  expect_frequencies(log_probs, 0, 0.01, {0, 1, 0, 0, 0});
  expect_frequencies(log_probs, 3, 0.8,
                     {0, 4. / 7, 0, 0, 3. / 7});  // of the .85 that top-k leaves, .7 exceeds .8 * .85
}

TEST(Sampling, NucleusOfAFlatDistributionIsLong) {
  const std::vector<float> log_probs(1000, std::log(0.001f));
  // The fewest of 1000 equal tokens that reach .9 are the first 900 (one more or less by rounding).
  EXPECT_NEAR(draw_token(log_probs, 0, 0.9, 0.9999999), 899, 1);
  EXPECT_EQ(draw_token(log_probs, 0, 0.9, 0), 0);
  EXPECT_EQ(draw_token(log_probs, 0, 1, 0.9999999), 999);
}

TEST(Sampling, BannedTokensAreNeverDrawn) {
  const std::vector<float> log_probs = {kNever, std::log(0.2f), kNever, std::log(0.2f), kNever};
  expect_frequencies(log_probs, 0, 1, {0, .5, 0, .5, 0});
  expect_frequencies(log_probs, 4, 0.9, {0, .5, 0, .5, 0});
  EXPECT_EQ(draw_token(log_probs, 0, 1, 0), 1);
  EXPECT_EQ(draw_token(std::vector<float>(4, kNever), 0, 1, 0.5), kNoToken);
}

GenerationConfig sampling_config() {
  GenerationConfig config;
  config.sampling = true;
  config.n_best = 3;
  config.max_len_b = 12;
  config.top_k = 6;
  config.top_p = 0.95;
  return config;
}

std::vector<std::vector<int32_t>> tokens_of(const std::vector<Hypothesis>& hypotheses) {
  std::vector<std::vector<int32_t>> result;
  for (const Hypothesis& hypothesis : hypotheses) result.push_back(hypothesis.tokens);
  return result;
}

TEST(Sampling, DependsOnSeedAndSentenceNotOnTheBatch) {
  GenerationConfig config = sampling_config();
  const auto model = hash_model(4, 9);
  std::vector<int> sentences;
  std::vector<GenerationRequest> requests;
  for (int i = 0; i < 6; ++i) sentences.push_back(i), requests.push_back({.id = static_cast<uint64_t>(i)});
  TableStepper all(model, sentences);
  const auto together = generate(all, requests, config);
  for (size_t i = 0; i < 6; ++i) {
    TableStepper one(model, {static_cast<int>(i)});
    const auto alone = generate(one, {requests[i]}, config)[0];
    EXPECT_EQ(alone.size(), 3u);
    EXPECT_EQ(tokens_of(alone), tokens_of(together[i]));
  }
  config.seed = 2;
  TableStepper again(model, sentences);
  const auto other = generate(again, requests, config);
  int same = 0;
  for (size_t i = 0; i < 6; ++i) same += tokens_of(other[i]) == tokens_of(together[i]) ? 1 : 0;
  EXPECT_EQ(same, 0);
}

/// First tokens of many sentences follow the model's distribution; every sample of one sentence is drawn anew.
TEST(Sampling, WholeSentencesFollowTheModel) {
  GenerationConfig config = sampling_config();
  config.top_k = 0;
  config.top_p = 1;
  config.n_best = 2000;
  config.max_len_b = 1;
  config.min_len = 0;
  config.unk = kNoToken;
  const std::vector<float> probs = {0.1f, 1e-9f, 0.2f, 0.3f, 0.4f};
  TableStepper stepper(
      [&](int, const std::vector<int32_t>&) {
        std::vector<float> logits;
        for (const float p : probs) logits.push_back(std::log(p));
        return logits;
      },
      {0});
  std::vector<int> counts(5, 0);
  const auto found = generate(stepper, {{}}, config);
  ASSERT_EQ(found[0].size(), 2000u);
  for (const Hypothesis& hypothesis : found[0]) {
    ++counts[static_cast<size_t>(hypothesis.tokens[0])];
  }
  for (size_t token = 0; token < 5; ++token) {
    const double p = token == 1 ? 0 : static_cast<double>(probs[token]);
    EXPECT_NEAR(counts[token] / 2000.0, p, 5 * std::sqrt(p * (1 - p) / 2000)) << "token " << token;
  }
}

}  // namespace
}  // namespace lowbit
