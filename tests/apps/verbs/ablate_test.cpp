#include <nlohmann/json.hpp>

#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

class Ablation : public test::TinyRun {
 protected:
  test::Outcome ablate(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments =
        training("ablate", "ablation", {"--teacher", path("teacher"), "--arch", "given"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
};

TEST_F(Ablation, TrainsAStudentForEachRecipeAndGoesOn) {
  trained("teacher");
  const test::Outcome first = ablate({"--recipes", "tbt-2-2-8,bwn-1-1-1", "--metric", "rouge"});
  ASSERT_EQ(first.code, 0) << first.err;
  const auto systems = nlohmann::json::parse(read("ablation/ablation.json")).at("systems");
  ASSERT_EQ(systems.size(), 5u);  // two baselines, the teacher, the students
  EXPECT_EQ(systems[0].at("name"), "lead-14");
  EXPECT_EQ(systems[2].at("bits"), "32-32-32");
  EXPECT_EQ(systems[3].at("bits"), "2-2-8");
  EXPECT_EQ(systems[4].at("bits"), "1-1-1");
  EXPECT_LE(systems[4].at("level_entropy").get<double>(), 1.0);
  EXPECT_GT(systems[3].at("level_entropy").get<double>(), 1.0);
  EXPECT_LT(systems[3].at("size_bytes").get<int64_t>(), systems[2].at("size_bytes").get<int64_t>());
  EXPECT_FALSE(systems[2].contains("level_entropy"));
  for (const char* word : {"| system |", "| tbt-2-2-8 | 2-2-8 |", "| lead-14 | - |", "ROUGE: "})
    EXPECT_NE(read("ablation/ablation.md").find(word), std::string::npos) << read("ablation/ablation.md");
  EXPECT_NE(read("ablation/ablation.svg").find("bwn-1-1-1"), std::string::npos);

  const std::string metrics = read("ablation/tbt-2-2-8/metrics.jsonl");
  const test::Outcome again = ablate({"--recipes", "tbt-2-2-8,bwn-1-1-1,tbt-1-1-8", "--metric", "rouge"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(nlohmann::json::parse(read("ablation/ablation.json")).at("systems").size(), 6u);
  EXPECT_EQ(read("ablation/tbt-2-2-8/metrics.jsonl").find(metrics), 0u) << "what was trained is not trained again";

  const test::Outcome one = ablate({"--recipes", "tbt-1-1-8", "--seed", "1", "--metric", "rouge"});
  ASSERT_EQ(one.code, 0) << one.err;
  const auto kept = nlohmann::json::parse(read("ablation/ablation.json")).at("systems");
  EXPECT_EQ(kept.size(), 6u) << "students of earlier calls stay";
  EXPECT_EQ(kept[3].at("bits"), "1-1-8");
  EXPECT_EQ(kept[5].at("bits"), "2-2-8");
}

TEST_F(Ablation, IsCheckedWholeBeforeTheFirstStudent) {
  trained("teacher");
  expect_failure(ablate({"--recipes", "tbt-2-2-8,no-such-recipe"}), 2, {"no-such-recipe"});
  EXPECT_FALSE(std::filesystem::exists(path("ablation/tbt-2-2-8")));
  expect_failure(ablate({"--recipes", "tbt-2-2-8", "--recipe", "tbt-1-1-8"}), 2, {"ablate.recipes"});
}

}  // namespace
}  // namespace lowbit
