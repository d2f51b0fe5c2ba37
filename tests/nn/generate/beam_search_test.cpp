#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "nn/generate/generate.h"
#include "tests/nn/generate/table_stepper.h"

namespace lowbit {
namespace {

using testing::hash_model;
using testing::TableModel;
using testing::TableStepper;

constexpr int32_t kStart = 2, kEos = 2, kPad = 1;

std::vector<Hypothesis> search(const TableModel& model, const GenerationConfig& config,
                               const GenerationRequest& request = {}) {
  TableStepper stepper(model, {0});
  return generate(stepper, {request}, config)[0];
}

std::vector<double> log_softmax(const std::vector<float>& logits) {
  double sum = 0;
  for (const float x : logits) sum += std::exp(static_cast<double>(x));
  std::vector<double> result;
  for (const float x : logits) result.push_back(static_cast<double>(x) - std::log(sum));
  return result;
}

struct Sequence {
  std::vector<int32_t> tokens;
  double score;
};

/// All sentences that a rule allows, best first, found by plain enumeration.
/// fairseq: up to `limit` tokens other than pad, then eos. hf: up to `limit` tokens, eos the last one or absent at
/// the limit.
void enumerate(const TableModel& model, const GenerationConfig& config, int64_t limit, std::vector<int32_t> history,
               double sum, std::vector<Sequence>& found) {
  const bool fairseq = config.rule == SearchRule::fairseq;
  const auto log_probs = log_softmax(model(0, history));
  const int64_t length = std::ssize(history);  // of the sentence with the next token
  for (int32_t token = 0; token < std::ssize(log_probs); ++token) {
    if (fairseq && (token == kPad || (length > limit && token != kEos))) continue;
    std::vector<int32_t> longer = history;
    longer.push_back(token);
    const double total = sum + log_probs[static_cast<size_t>(token)];
    if (token == kEos || (!fairseq && length == limit)) {
      const double score = total / std::pow(static_cast<double>(length), config.length_penalty);
      found.push_back({{longer.begin() + 1, longer.end()}, score});
    } else {
      enumerate(model, config, limit, longer, total, found);
    }
  }
}

void expect_equals_enumeration(SearchRule rule, double length_penalty, uint32_t seed) {
  GenerationConfig config;
  config.rule = rule;
  config.beam = 4000;  // more than there are sentences
  config.n_best = 50;
  config.max_len_b = rule == SearchRule::fairseq ? 4 : 6;
  config.min_len = 0;
  config.length_penalty = length_penalty;
  const TableModel model = hash_model(seed, 5);
  std::vector<Sequence> expected;
  enumerate(model, config, rule == SearchRule::fairseq ? 4 : 5, {kStart}, 0, expected);
  std::ranges::sort(expected, std::greater{}, &Sequence::score);

  const auto found = search(model, config);
  ASSERT_EQ(found.size(), 50u);
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].tokens, expected[i].tokens) << "rank " << i << " seed " << seed;
    EXPECT_NEAR(found[i].score, expected[i].score, 1e-5);
  }
}

TEST(BeamSearch, AnExhaustiveBeamEqualsEnumeration) {
  for (const SearchRule rule : {SearchRule::fairseq, SearchRule::hf}) {
    for (const double length_penalty : {0.0, 1.0, 2.0}) expect_equals_enumeration(rule, length_penalty, 7);
    expect_equals_enumeration(rule, 1.0, 8);
  }
}

TEST(BeamSearch, BeamOfOneIsGreedy) {
  for (const SearchRule rule : {SearchRule::fairseq, SearchRule::hf}) {
    for (const EarlyStopping early : {EarlyStopping::no, EarlyStopping::never}) {
      for (uint32_t seed = 0; seed < 20; ++seed) {
        GenerationConfig config;
        config.rule = rule;
        config.early_stopping = early;
        config.beam = 1;
        config.max_len_b = 30;
        const TableModel model = hash_model(seed, 9);

        std::vector<int32_t> history = {kStart};
        do {
          std::vector<float> logits = model(0, history);
          if (rule == SearchRule::fairseq) logits[kPad] = -1;
          const bool shortest = rule == SearchRule::fairseq && history.size() == 1;  // min_len 1
          if (shortest) logits[kEos] = -1;
          const auto best = std::ranges::max_element(logits) - logits.begin();
          const bool forced = rule == SearchRule::fairseq && history.size() == 31;
          history.push_back(forced ? kEos : static_cast<int32_t>(best));
        } while (history.back() != kEos && (rule == SearchRule::fairseq || history.size() < 30));

        const std::vector<int32_t> expected(history.begin() + 1, history.end());
        EXPECT_EQ(search(model, config)[0].tokens, expected) << "seed " << seed;
      }
    }
  }
}

/// Probabilities of the next token: eos 2, words 3 and 4, by the number of tokens said.
TableModel by_length(std::vector<std::vector<double>> probs) {
  return [=](int, const std::vector<int32_t>& history) {
    const std::vector<double>& row = probs[std::min(history.size(), probs.size()) - 1];
    return std::vector<float>{-100, -100, static_cast<float>(std::log(row[0])), static_cast<float>(std::log(row[1])),
                              static_cast<float>(std::log(row[2]))};
  };
}

TEST(BeamSearch, FairseqIgnoresAnEndBelowTheBeam) {
  GenerationConfig config;
  config.beam = config.n_best = 2;
  config.max_len_b = 1;
  config.min_len = 0;
  config.unk = kNoToken;
  // Step 0: words .5 and .3 fill the beam, eos .2 has rank 2 and is lost although "eos" alone would score best.
  const auto found = search(by_length({{.2, .5, .3}, {1, 1, 1}}), config);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].tokens, (std::vector<int32_t>{3, kEos}));
  EXPECT_EQ(found[1].tokens, (std::vector<int32_t>{4, kEos}));
  EXPECT_NEAR(found[0].score, (std::log(.5) + std::log(1. / 3)) / 2, 1e-6);
}

TEST(BeamSearch, FairseqKeepsTheFirstHypothesesAndHfTheBest) {
  GenerationConfig config;
  config.beam = config.n_best = 2;
  config.min_len = 0;
  config.max_len_b = 10;
  config.unk = kNoToken;
  config.early_stopping = EarlyStopping::never;
  // eos .3 ends at once; then nearly certain words make long sentences that score better per token.
  const TableModel model = by_length({{.3, .6, .1}, {.4, .5, .1}, {.01, .98, .01}, {.01, .98, .01}, {.98, .01, .01}});
  const auto fairseq = search(model, config);
  EXPECT_EQ(fairseq[0].tokens, (std::vector<int32_t>{3, kEos}));
  EXPECT_EQ(fairseq[1].tokens, (std::vector<int32_t>{kEos}));
  config.rule = SearchRule::hf;
  const auto hf = search(model, config);
  EXPECT_EQ(hf[0].tokens, (std::vector<int32_t>{3, 3, 3, 3, kEos}));
  EXPECT_NEAR(hf[0].score, (std::log(.6) + std::log(.5) + 3 * std::log(.98)) / 5, 1e-6);
}

TEST(BeamSearch, HfStopsWhenNoLiveBeamCanWin) {
  GenerationConfig config;
  config.rule = SearchRule::hf;
  config.beam = config.n_best = 2;
  config.min_len = 0;
  config.max_len_b = 10;
  config.unk = kNoToken;
  // After two steps: "eos" at log .3 and "3 eos" at log(.48) / 2; the best live beam "3 3" has log(.06) / 2 < log .3,
  // but with a third, nearly certain token it would have log(.06) / 3 > log .3.
  const TableModel model = by_length({{.3, .6, .1}, {.8, .1, .1}, {.98, .01, .01}});
  EXPECT_EQ(search(model, config)[1].tokens, (std::vector<int32_t>{kEos}));
  config.early_stopping = EarlyStopping::never;
  EXPECT_EQ(search(model, config)[1].tokens, (std::vector<int32_t>{3, 3, kEos}));
  config.length_penalty = 0;  // a longer sentence can only lose: `never` is `no`
  EXPECT_EQ(search(model, config)[1].tokens, (std::vector<int32_t>{kEos}));
}

TEST(BeamSearch, ScoresAddUp) {
  GenerationConfig config;
  config.n_best = 5;
  config.max_len_b = 12;
  config.length_penalty = 1.3;
  const TableModel model = hash_model(3, 9);
  for (const Hypothesis& hypothesis : search(model, config)) {
    ASSERT_EQ(hypothesis.tokens.size(), hypothesis.token_scores.size());
    double total = 0;
    std::vector<int32_t> history = {kStart};
    for (size_t i = 0; i < hypothesis.tokens.size(); ++i) {
      const auto expected = log_softmax(model(0, history))[static_cast<size_t>(hypothesis.tokens[i])];
      EXPECT_NEAR(hypothesis.token_scores[i], expected, 1e-5);
      total += expected;
      history.push_back(hypothesis.tokens[i]);
    }
    EXPECT_NEAR(hypothesis.score, total / std::pow(static_cast<double>(hypothesis.tokens.size()), 1.3), 1e-5);
  }
}

TEST(BeamSearch, TemperatureDividesLogits) {
  GenerationConfig config;
  config.n_best = 5;
  config.max_len_b = 8;
  const TableModel model = hash_model(5, 9);
  const TableModel halved = [=](int sentence, const std::vector<int32_t>& history) {
    std::vector<float> logits = model(sentence, history);
    for (float& x : logits) x /= 2;
    return logits;
  };
  const auto expected = search(halved, config);
  config.temperature = 2;
  const auto found = search(model, config);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].tokens, expected[i].tokens);
}

}  // namespace
}  // namespace lowbit
