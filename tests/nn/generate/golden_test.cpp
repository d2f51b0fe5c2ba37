#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "nn/generate/generate.h"
#include "tests/nn/generate/table_stepper.h"

namespace lowbit {
namespace {

EarlyStopping early_stopping(const std::string& name) {
  return name == "no" ? EarlyStopping::no : name == "yes" ? EarlyStopping::yes : EarlyStopping::never;
}

/// Every hypothesis of every case of tests/golden/make_beam.py: tokens, order and scores of transformers' generate().
TEST(BeamGolden, EqualsTransformers) {
  const auto golden = nlohmann::json::parse(std::ifstream(LB_TEST_DIR "/golden/beam_hf.json"));
  for (const auto& c : golden["cases"]) {
    SCOPED_TRACE(c.dump());
    GenerationConfig config;
    config.rule = SearchRule::hf;
    config.unk = kNoToken;
    config.beam = config.n_best = c["beam"];
    config.max_len_b = c["max_len"];
    config.min_len = c["min_len"];
    config.length_penalty = c["length_penalty"];
    config.no_repeat_ngram = c["no_repeat_ngram"];
    config.early_stopping = early_stopping(c["early_stopping"]);
    config.forced_bos = c["forced_bos"];
    config.forced_eos = c["forced_eos"];

    testing::TableStepper stepper(testing::hash_model(c["seed"], c["vocabulary"]), {0});
    const auto found = generate(stepper, {{.source_length = 1, .prefix = c["prefix"]}}, config)[0];
    const auto& expected = c["hypotheses"];
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].tokens, expected[i]["tokens"].get<std::vector<int32_t>>()) << "hypothesis " << i;
      if (expected[i]["score"].is_null()) continue;  // transformers' greedy search reports none
      const double score = expected[i]["score"];
      EXPECT_NEAR(found[i].score, score, 1e-6 * std::max(1.0, std::abs(score)));
    }
  }
}

}  // namespace
}  // namespace lowbit
