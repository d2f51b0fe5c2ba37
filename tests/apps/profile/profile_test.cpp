#include <nlohmann/json.hpp>

#include "apps/lib/profile/profile_report.h"
#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

TEST(ProfileReport, SharesAndRatesAddUp) {
  const auto path = std::make_shared<const std::string>("decoder.fc1");
  const std::vector<ProfileEvent> events = {{path, "linear", "forward", 0, 0.003, {.f32 = 6e6}},
                                            {path, "linear", "forward", 0.003, 0.001, {.integer = 2e6}},
                                            {nullptr, "optimizer", "optimizer", 0.004, 0.004, {}}};
  const std::string table = profile_table(events, 2, {.f32 = 10, .bf16 = 20, .integer = 4, .memory = 1});
  EXPECT_NE(table.find("linear forward "), std::string::npos) << table;
  EXPECT_NE(table.find("  50.0     2.000     1.0       2      28\n"), std::string::npos) << table;
  EXPECT_NE(table.find("decoder.fc1/linear forward"), std::string::npos) << table;
  EXPECT_NE(table.find("4.000 ms a round, 2 rounds; peaks of this machine: f32 10, bf16 20, int8 4 GOP/s"),
            std::string::npos)
      << table;
  const auto trace = nlohmann::json::parse(chrome_trace(events));
  ASSERT_EQ(trace["traceEvents"].size(), 3u);
  EXPECT_EQ(trace["traceEvents"][1]["ts"], 3000.0);
  EXPECT_EQ(trace["traceEvents"][1]["dur"], 1000.0);
  EXPECT_EQ(trace["traceEvents"][0]["args"]["site"], "decoder.fc1");
}

using ProfileOfARun = test::TinyRun;

TEST_F(ProfileOfARun, StandsInItsFolderAndChangesNothing) {
  trained("plain", {"--max-update", "6"});
  trained("profiled", {"--max-update", "6", "--profile", "2"});
  expect_same_file("plain/checkpoint_last/model.safetensors", "profiled/checkpoint_last/model.safetensors");
  EXPECT_NE(read("profiled/profile.txt").find("\nlinear backward "), std::string::npos);
  EXPECT_FALSE(nlohmann::json::parse(read("profiled/trace.json"))["traceEvents"].empty());
  EXPECT_TRUE(read("plain/profile.txt").empty());
}

}  // namespace
}  // namespace lowbit
