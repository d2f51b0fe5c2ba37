#include "nn/generate/constraints.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "nn/generate/generate.h"
#include "tests/nn/generate/table_stepper.h"

namespace lowbit {
namespace {

using testing::hash_model;
using testing::TableStepper;

/// The tokens that remain possible after `tokens`, of ten equally probable ones.
std::set<int32_t> allowed(const GenerationConfig& config, const GenerationRequest& request,
                          const std::vector<int32_t>& tokens) {
  std::vector<float> log_probs(10, std::log(0.1f));
  Constraints(config, request).apply(log_probs, tokens);
  std::set<int32_t> result;
  for (int32_t token = 0; token < 10; ++token) {
    if (!std::isinf(log_probs[static_cast<size_t>(token)])) result.insert(token);
  }
  return result;
}

GenerationConfig config_of(SearchRule rule) {
  GenerationConfig config;
  config.rule = rule;
  config.min_len = 0;
  config.max_len_b = 6;
  return config;
}

TEST(Constraints, FairseqLengths) {
  GenerationConfig config = config_of(SearchRule::fairseq);
  config.min_len = 2;
  EXPECT_EQ(allowed(config, {}, {2, 5}), (std::set<int32_t>{0, 3, 4, 5, 6, 7, 8, 9}));  // neither pad nor eos yet
  EXPECT_TRUE(allowed(config, {}, {2, 5, 5}).contains(2));
  EXPECT_EQ(allowed(config, {}, {2, 5, 5, 5, 5, 5, 5}), std::set<int32_t>{2});  // after six tokens only eos
  config.max_len_a = 0.5;
  EXPECT_EQ(Constraints(config, {.source_length = 9}).last_step(), 10);
  config.max_positions = 8;
  EXPECT_EQ(Constraints(config, {.source_length = 9}).last_step(), 7);
}

TEST(Constraints, HfLengthsCountTheStart) {
  GenerationConfig config = config_of(SearchRule::hf);
  config.min_len = 3;
  EXPECT_FALSE(allowed(config, {}, {2, 5}).contains(2));
  EXPECT_EQ(allowed(config, {}, {2, 5, 5}).size(), 10u);  // pad is possible too
  EXPECT_EQ(Constraints(config, {}).last_step(), 4);      // start and five tokens
  EXPECT_EQ(allowed(config, {}, {2, 5, 5, 5, 5}).size(), 10u);
  config.forced_eos = 2;
  EXPECT_EQ(allowed(config, {}, {2, 5, 5, 5, 5}), std::set<int32_t>{2});
}

TEST(Constraints, ForcedTokensCostTheirProbabilityUnderFairseqOnly) {
  for (const SearchRule rule : {SearchRule::fairseq, SearchRule::hf}) {
    GenerationConfig config = config_of(rule);
    config.forced_bos = 4;
    const float cost = rule == SearchRule::fairseq ? std::log(0.1f) : 0.0f;
    std::vector<float> log_probs(10, std::log(0.1f));
    Constraints(config, {}).apply(log_probs, {2});
    EXPECT_EQ(log_probs[4], cost);
    EXPECT_TRUE(std::isinf(log_probs[5]));

    const GenerationRequest request{.prefix = {7, 8}};
    EXPECT_EQ(allowed(config, request, {2}), std::set<int32_t>{7});  // a prefix goes before forced_bos
    EXPECT_EQ(allowed(config, request, {2, 7}), std::set<int32_t>{8});
    EXPECT_GT(allowed(config, request, {2, 7, 8}).size(), 1u);
  }
}

TEST(Constraints, RepeatedNgramsAreBannedStartIncluded) {
  GenerationConfig config = config_of(SearchRule::hf);
  config.max_len_b = 20;
  config.no_repeat_ngram = 3;
  EXPECT_EQ(allowed(config, {}, {2, 5, 6, 7, 5}).size(), 10u);
  EXPECT_FALSE(allowed(config, {}, {2, 5, 6, 7, 5, 6}).contains(7));
  EXPECT_FALSE(allowed(config, {}, {2, 5, 6, 2, 5}).contains(6));
  EXPECT_FALSE(allowed(config, {}, {2, 5, 5, 5}).contains(5));  // an n-gram may overlap itself
  config.no_repeat_ngram = 1;
  EXPECT_EQ(allowed(config, {}, {2, 5, 6}), (std::set<int32_t>{0, 1, 3, 4, 7, 8, 9}));
  config.no_repeat_ngram = 5;
  EXPECT_EQ(allowed(config, {}, {2, 5, 6}).size(), 10u);
}

TEST(Constraints, RepeatedNgramsBanForcedTokensUnderFairseqOnly) {
  for (const SearchRule rule : {SearchRule::fairseq, SearchRule::hf}) {
    GenerationConfig config = config_of(rule);
    config.no_repeat_ngram = 1;
    const GenerationRequest request{.prefix = {7, 7}};
    EXPECT_EQ(allowed(config, request, {2, 7}).contains(7), rule == SearchRule::hf);
  }
}

TEST(Constraints, UnknownTokenPaysItsPenalty) {
  GenerationConfig config = config_of(SearchRule::fairseq);
  config.unk_penalty = 1.5;
  std::vector<float> log_probs(10, -2.0f);
  Constraints(config, {}).apply(log_probs, {2});
  EXPECT_EQ(log_probs[3], -3.5f);
  EXPECT_EQ(log_probs[4], -2.0f);
}

/// The same through whole searches.
TEST(Constraints, HoldInWholeSearches) {
  for (const SearchRule rule : {SearchRule::fairseq, SearchRule::hf}) {
    for (uint32_t seed = 0; seed < 10; ++seed) {
      GenerationConfig config = config_of(rule);
      config.max_len_b = 15;
      config.min_len = 7;
      config.n_best = config.beam = 4;
      config.no_repeat_ngram = 2;
      config.unk_penalty = 100;
      const GenerationRequest request{.prefix = {4, 5, 4}};
      TableStepper stepper(hash_model(seed, 8), {0});
      const auto found = generate(stepper, {request}, config);
      for (const Hypothesis& hypothesis : found[0]) {
        const auto& tokens = hypothesis.tokens;
        EXPECT_EQ(std::vector<int32_t>(tokens.begin(), tokens.begin() + 3), request.prefix);
        EXPECT_GE(tokens.size(), rule == SearchRule::fairseq ? 8u : 7u);
        EXPECT_LE(tokens.size(), rule == SearchRule::fairseq ? 16u : 14u);
        EXPECT_EQ(std::ranges::count(tokens, 3), 0);
        std::set<std::pair<int32_t, int32_t>> bigrams;
        for (size_t i = 1; i < tokens.size(); ++i) {
          EXPECT_TRUE(bigrams.emplace(tokens[i - 1], tokens[i]).second) << "repeated bigram, seed " << seed;
        }
      }
    }
  }
}

}  // namespace
}  // namespace lowbit
