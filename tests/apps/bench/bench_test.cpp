#include "apps/lib/bench/bench.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "apps/lib/bench/peak_memory.h"
#include "apps/verbs/verbs.h"
#include "core/tensor.h"
#include "tests/apps/run_captured.h"

namespace lowbit {
namespace {

const std::vector<std::string> kTinyStep = {"train-step", "--model", "tiny",  "--batch", "2",
                                            "--src",      "9",       "--tgt", "7"};
const std::vector<std::string> kTinyDecode = {"decode", "--model", "tiny",     "--batch", "3",
                                              "--src",  "8",       "--tokens", "5"};
const std::vector<std::string> kSmallLinear = {"linear", "--m", "4", "--k", "96", "--n", "40"};

test::Outcome bench(std::vector<std::string> arguments, const std::vector<std::string>& more = {}) {
  arguments.insert(arguments.begin(), "bench");
  arguments.insert(arguments.end(), more.begin(), more.end());
  return test::run_captured(all_verbs(), arguments);
}

nlohmann::json json_of(const std::vector<std::string>& arguments, std::vector<std::string> more = {}) {
  more.insert(more.end(), {"--json", "--rounds", "3", "--warmup", "1"});
  const test::Outcome outcome = bench(arguments, more);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1) << outcome.out;
  return nlohmann::json::parse(outcome.out);
}

double number(const nlohmann::json& json, const std::string& key) { return json.at(key).get<double>(); }

/// What every benchmark says about the whole of a round.
void expect_whole(const nlohmann::json& json, const std::string& phase, double tokens) {
  EXPECT_GT(number(json, phase), 0);
  EXPECT_LE(number(json, phase + "_p25"), number(json, phase));
  EXPECT_GE(number(json, phase + "_p75"), number(json, phase));
  EXPECT_NEAR(number(json, "tokens_per_s") * number(json, phase), tokens, 1e-6 * tokens);
  EXPECT_GT(number(json, "peak_bytes"), 0);
  EXPECT_TRUE(json.at("peak_rss_bytes").is_null() || number(json, "peak_rss_bytes") > 0);
  EXPECT_EQ(json.at("threads"), 1);
  EXPECT_TRUE(json.at("cpu_features").is_array());
}

TEST(BenchVerb, TrainStepCountsTargetTokensAndItsPhasesMakeTheStep) {
  for (const std::vector<std::string>& more : {std::vector<std::string>{},
                                               {"--recipe", "tbt-2-2-8"},
                                               {"--recipe", "none", "--dtype", "bf16"},
                                               {"--recipe", "tbt-1-1-1", "--output-bits", "4", "--teacher"}}) {
    const nlohmann::json json = json_of(kTinyStep, more);
    expect_whole(json, "step_s", 2 * 7);
    EXPECT_EQ(json.at("model"), "tiny");
    EXPECT_EQ(json.at("recipe"), more.empty() ? "none" : more[1]);
    EXPECT_EQ(json.at("dtype"), std::count(more.begin(), more.end(), "bf16") ? "bf16" : "f32");
    const double parts = number(json, "forward_s") + number(json, "backward_s") + number(json, "optimizer_s");
    EXPECT_GT(parts, 0.2 * number(json, "step_s"));  // medians of three noisy rounds
    EXPECT_LT(parts, 5 * number(json, "step_s"));
    EXPECT_FALSE(json.contains("tokens"));  // another benchmark's option
  }
}

TEST(BenchTrainStep, PhasesOfEachRoundSumToItsStep) {
  BenchOptions options{.rounds = 4, .warmup = 1, .model = "tiny", .batch = 2, .src = 9, .tgt = 7};
  const BenchResult result = bench_train_step(options);
  ASSERT_EQ(result.phases.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    const double parts = result.phases[0].seconds[i] + result.phases[1].seconds[i] + result.phases[2].seconds[i];
    const double step = result.phases[3].seconds[i];
    EXPECT_LE(parts, step);
    EXPECT_GT(parts, 0.5 * step);
  }
}

TEST(BenchTrainStep, ATeacherNeedsMemory) {
  BenchOptions options{.rounds = 1, .warmup = 0, .model = "tiny", .batch = 2, .src = 9, .tgt = 7};
  const size_t alone = bench_train_step(options).peak_bytes;
  options.teacher = true;
  EXPECT_GT(bench_train_step(options).peak_bytes, alone);
}

TEST(BenchTrainStep, RecomputingNeedsLessMemory) {
  BenchOptions options{.rounds = 1, .warmup = 0, .model = "tiny", .batch = 2, .src = 200, .tgt = 30};
  const size_t plain = bench_train_step(options).peak_bytes;
  options.recompute = Recompute::attention;
  EXPECT_LT(bench_train_step(options).peak_bytes, plain);
  options.recompute = Recompute::layers;
  EXPECT_LT(bench_train_step(options).peak_bytes, plain);
  EXPECT_EQ(json_of(kTinyStep, {"--recompute", "layers"}).at("recompute"), "layers");
}

TEST(BenchVerb, DecodeRunsFloatAndFrozenModels) {
  expect_whole(json_of(kTinyDecode), "token_s", 3);
  const nlohmann::json json = json_of(kTinyDecode, {"--recipe", "tbt-2-2-8", "--output-bits", "4"});
  expect_whole(json, "token_s", 3);
  EXPECT_EQ(json.at("output_bits"), 4);
  expect_whole(json_of(kTinyDecode, {"--recipe", "tbt-1-1-1"}), "token_s", 3);
}

TEST(BenchDecode, AFrozenModelIsSmaller) {
  BenchOptions options{.rounds = 1, .warmup = 0, .model = "tiny", .batch = 1, .src = 4, .tokens = 2};
  const size_t floats = bench_decode(options).peak_bytes;
  options.recipe = "tbt-1-1-8";
  EXPECT_LT(bench_decode(options).peak_bytes, floats);
}

TEST(BenchVerb, LinearRunsEveryFormat) {
  for (const char* weights : {"binary", "ternary", "int4", "int8"})
    for (const char* acts : {"int8", "binary"}) {
      const nlohmann::json json = json_of(kSmallLinear, {"--weights", weights, "--acts", acts});
      expect_whole(json, "call_s", 4);
      EXPECT_EQ(json.at("weights"), weights);
      EXPECT_EQ(json.at("acts"), acts);
    }
  expect_whole(json_of(kSmallLinear, {"--weights", "f32", "--acts", "f32"}), "call_s", 4);
}

TEST(BenchVerb, ATableWithoutJson) {
  const test::Outcome outcome = bench(kSmallLinear, {"--rounds", "1", "--warmup", "0"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("weights         ternary\n"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("call_s          "), std::string::npos) << outcome.out;
}

TEST(BenchVerb, RefusesWhatItCannotTime) {
  const auto refusal = [](const std::vector<std::string>& arguments) {
    const test::Outcome outcome = bench(arguments);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    return outcome.err;
  };
  const auto expect = [&](const std::vector<std::string>& arguments, const std::string& text) {
    const std::string err = refusal(arguments);
    EXPECT_NE(err.find(text), std::string::npos) << err;
  };
  expect({"train-stp"}, "the nearest is \"train-step\"");
  expect({"decode", "--model", "bart-bsae"}, "the nearest is \"bart-base\"");
  expect({"decode", "--model", "tiny", "--recipe", "tbt-2-2-9"}, "tbt-2-2-9");
  expect({"decode", "--model", "tiny", "--output-bits", "4"}, "--recipe NAME");
  expect({"decode", "--model", "tiny", "--src", "257"}, "256 positions");
  expect({"decode", "--model", "tiny", "--src", "8", "--tokens", "256"}, "256 positions");
  expect({"decode", "--tgt", "8"}, "bench.tgt has no effect on decode");
  expect({"train-step", "--model", "tiny", "--teacher", "--recompute", "layers"}, "leave one of them out");
  expect({"linear", "--weights", "ternary", "--acts", "f32"}, "give f32 to both or to none");
  expect({"train-step", "--model", "tiny", "--dtype", "int8"}, "a float model has none");
  expect({"train-step", "--model", "tiny", "--dtype", "bf61"}, "the nearest is \"bf16\"");
}

TEST(PeakMemory, CountsFromItsConstruction) {
  constexpr int64_t kFloats = 1 << 22;
  { Tensor::zeros({4 * kFloats}).fill_zero(); }
  const PeakMemory memory;
  const size_t before = memory.tensor_bytes();
  { Tensor::zeros({kFloats}).fill_zero(); }
  EXPECT_GE(memory.tensor_bytes(), before + 4 * kFloats);
  EXPECT_LT(memory.tensor_bytes(), before + 16 * kFloats);
  if (memory.resident_bytes()) {
    EXPECT_GE(*memory.resident_bytes(), 4 * kFloats);
  }
}

TEST(BenchVerb, TakesTheNameThatTrainingGivesThePrecision) {
  EXPECT_EQ(json_of(kTinyStep, {"--matmul", "bf16"}).at("dtype"), "bf16");
  for (const char* verb : {"bench", "train"}) {
    const std::string help = test::run_captured(all_verbs(), {verb, "--help"}).out;
    EXPECT_NE(help.find("--matmul"), std::string::npos) << verb;
    EXPECT_NE(help.find("the same"), std::string::npos) << verb;
  }
}

}  // namespace
}  // namespace lowbit
