#include "apps/lib/train/memory_plan.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

using MemoryPlanOfARun = test::TinyRun;

/// Peak of a run in bytes, from its metrics.
double measured_peak(const std::string& metrics) {
  double peak = 0;
  std::istringstream lines(metrics);
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line);
    if (record["kind"] == "cost") peak = std::max(peak, record["bytes"]["peak"].get<double>());
  }
  return peak;
}

TEST_F(MemoryPlanOfARun, IsWhatTheRunTakesAndChangesNothing) {
  const std::vector<std::string> options = {"--max-update", "6", "--max-tokens", "2000", "--valid.interval", "6"};
  trained("plain", options);
  std::vector<std::string> planned = training("train", "planned", options);
  planned.push_back("--plan");
  const test::Outcome outcome = run(planned);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  expect_same_file("plain/checkpoint_last/model.safetensors", "planned/checkpoint_last/model.safetensors");

  EXPECT_NE(outcome.out.find("24 rows of "), std::string::npos) << outcome.out;
  for (const char* name : {"parameters", "optimizer", "gradients", "  encoder.layers.0 ", "  decoder.layers.1 "})
    EXPECT_NE(outcome.out.find(std::string("\n") + name), std::string::npos) << name << " in\n" << outcome.out;
  const size_t at = outcome.out.find("\npeak");
  ASSERT_NE(at, std::string::npos) << outcome.out;
  const double planned_peak = std::stod(outcome.out.substr(at + 5)) * 0x1p20;
  EXPECT_NEAR(measured_peak(read("planned/metrics.jsonl")) / planned_peak, 1, 0.05) << outcome.out;
}

}  // namespace
}  // namespace lowbit
