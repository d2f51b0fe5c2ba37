#include "nn/generate/generate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "tests/nn/generate/table_stepper.h"

namespace lowbit {
namespace {

using testing::hash_model;
using testing::TableStepper;

TEST(Generate, ABatchGivesWhatItsSentencesGiveAlone) {
  for (const SearchRule rule : {SearchRule::fairseq, SearchRule::hf}) {
    GenerationConfig config;
    config.rule = rule;
    config.beam = config.n_best = 4;
    config.max_len_a = 1.5;
    config.max_len_b = 4;
    config.no_repeat_ngram = 3;
    std::vector<int> sentences;
    std::vector<GenerationRequest> requests;
    for (int i = 0; i < 8; ++i) {
      sentences.push_back(i);
      requests.push_back({.source_length = 1 + 2 * i});
      if (i % 3 == 1) requests.back().prefix = {4, 6};
    }
    TableStepper stepper(hash_model(21, 10), sentences);
    const auto together = generate(stepper, requests, config);
    EXPECT_LE(stepper.most_rows, 32u);
    ASSERT_EQ(together.size(), 8u);
    for (size_t i = 0; i < 8; ++i) {
      TableStepper one(hash_model(21, 10), {static_cast<int>(i)});
      const auto alone = generate(one, {requests[i]}, config)[0];
      ASSERT_EQ(alone.size(), together[i].size());
      for (size_t j = 0; j < alone.size(); ++j) {
        EXPECT_EQ(alone[j].tokens, together[i][j].tokens);
        EXPECT_EQ(alone[j].token_scores, together[i][j].token_scores);
        EXPECT_EQ(alone[j].score, together[i][j].score);
      }
    }
  }
}

TEST(Generate, EndedSentencesLeaveTheBatch) {
  GenerationConfig config;
  config.beam = 1;
  config.max_len_b = 9;
  // Sentence i says word 4 i times, then eos.
  TableStepper stepper(
      [&](int sentence, const std::vector<int32_t>& history) {
        const bool more = std::ssize(history) <= sentence;
        return std::vector<float>{0, 0, more ? 0.f : 9.f, 0, more ? 9.f : 0.f};
      },
      {3, 1, 5});
  const auto found = generate(stepper, {{}, {}, {}}, config);
  EXPECT_EQ(found[0][0].tokens, (std::vector<int32_t>{4, 4, 4, 2}));
  EXPECT_EQ(found[1][0].tokens, (std::vector<int32_t>{4, 2}));
  EXPECT_EQ(found[2][0].tokens, (std::vector<int32_t>{4, 4, 4, 4, 4, 2}));
}

TEST(Generate, NoWayOnStillGivesASentence) {
  GenerationConfig config;
  config.no_repeat_ngram = 1;  // bans eos, which is also the start
  config.max_len_b = 20;
  TableStepper stepper(hash_model(2, 6), {0});
  const auto found = generate(stepper, {{}}, config)[0];
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].tokens.size(), 4u);  // 0, 3, 4 and 5 in some order
  EXPECT_TRUE(std::isfinite(found[0].score));
}

TEST(Generate, NothingToDo) {
  TableStepper stepper(hash_model(2, 6), {});
  EXPECT_TRUE(generate(stepper, {}, {}).empty());
}

void expect_error(ErrorKind kind, const std::string& words, const GenerationRequest& request,
                  const GenerationConfig& config, const testing::TableModel& model = hash_model(2, 6)) {
  TableStepper stepper(model, {0});
  try {
    generate(stepper, {request}, config);
    ADD_FAILURE() << "expected: " << words;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
  }
}

TEST(Generate, RefusesOptionsAndTokensOutOfRange) {
  expect_error(ErrorKind::usage, "n_best must not exceed beam", {}, {.beam = 2, .n_best = 3});
  expect_error(ErrorKind::usage, "top_p must lie in (0, 1]", {}, {.top_p = 0});
  expect_error(ErrorKind::usage, "temperature must be positive", {}, {.temperature = 0});
  expect_error(ErrorKind::usage, "prefix token 6 is outside the vocabulary of 6 tokens", {.prefix = {6}}, {});
  expect_error(ErrorKind::usage, "eos 8 is outside", {}, {.eos = 8});
}

TEST(Generate, RefusesBrokenLogits) {
  for (const float broken : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (size_t place = 0; place < 40; place += 13) {
      const auto model = [=](int, const std::vector<int32_t>&) {
        std::vector<float> logits(40, 1.0f);
        logits[place] = broken;
        return logits;
      };
      expect_error(ErrorKind::diverged, "NaN or infinity", {}, {}, model);
    }
  }
}

TEST(Generate, LogitsOfMinusInfinityOnlyBan) {
  GenerationConfig config;
  config.max_len_b = 3;
  TableStepper stepper(
      [](int, const std::vector<int32_t>&) {
        std::vector<float> logits(40, -std::numeric_limits<float>::infinity());
        logits[2] = 1, logits[17] = 2;
        return logits;
      },
      {0});
  const auto found = generate(stepper, {{}}, config)[0];
  EXPECT_EQ(found[0].tokens[0], 17);
  EXPECT_NEAR(found[0].token_scores[0], -std::log1p(std::exp(-1.0)), 1e-6);
}

}  // namespace
}  // namespace lowbit
