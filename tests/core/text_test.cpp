#include "core/text.h"

#include <gtest/gtest.h>

namespace lowbit {
namespace {

TEST(EditDistance, KnownPairs) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("sunday", "saturday"), 3);
  EXPECT_EQ(edit_distance("optim.rl", "optim.lr"), 2);
}

TEST(NearestName, PicksTheClosestAndTheFirstOfEquals) {
  const std::vector<std::string> names = {"optim.lr", "optim.warmup_updates", "model.width"};
  EXPECT_EQ(nearest_name("optim.rl", names), "optim.lr");
  EXPECT_EQ(nearest_name("warmup_updates", names), "optim.warmup_updates");
  EXPECT_EQ(nearest_name("ab", std::vector<std::string>{"aa", "bb"}), "aa");
  EXPECT_EQ(nearest_name("x", std::vector<std::string>{}), "");
}

TEST(NearestName, IsNoneWhenMoreThanHalfWouldChange) {
  const std::vector<std::string> names = {"train", "report"};
  EXPECT_EQ(nearest_name("retort", names), "report");
  EXPECT_EQ(nearest_name("xyzzy", names), "");
  EXPECT_EQ(nearest_name("tr", names), "train") << "3 of 5: half, rounded up";
  EXPECT_EQ(nearest_name("t", names), "");
  EXPECT_EQ(nearest_hint("trian", names), ", the nearest is train");
  EXPECT_EQ(nearest_hint("trian", names, "$"), ", the nearest is $train");
  EXPECT_EQ(nearest_hint("xyzzy", names), "");
}

TEST(JsonDepth, CountsBracketsOutsideOfStrings) {
  EXPECT_EQ(json_depth(""), 0);
  EXPECT_EQ(json_depth("1"), 0);
  EXPECT_EQ(json_depth(R"({"a": [1, {"b": 2}], "c": []})"), 3);
  EXPECT_EQ(json_depth(R"(["[[[", "\"[[", "\\"])"), 1);
  EXPECT_EQ(json_depth("]]]["), 0);
  EXPECT_EQ(json_depth(std::string(1000, '[')), 1000);
}

}  // namespace
}  // namespace lowbit
