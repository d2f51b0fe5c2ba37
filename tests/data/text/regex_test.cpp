#include "data/text/regex.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

TEST(Regex, ReportsBytesOfMatchAndGroup) {
  const Regex regex("(é+)x");
  const auto match = regex.search("aé ééx", 1);
  ASSERT_TRUE(match);
  EXPECT_EQ(match->begin, 4u);
  EXPECT_EQ(match->group_end, 8u);
  EXPECT_EQ(match->end, 9u);
  EXPECT_FALSE(regex.search("aé ééx", 9));
}

TEST(Regex, ReplacesAndCountsEvenEmptyMatches) {
  EXPECT_EQ(Regex(R"(\d+)").replace_all("٣ and 12", "0"), "0 and 0");
  EXPECT_EQ(Regex("x*").replace_all("éx", "-"), "-é--");  // as Python 3.7 and Perl
  EXPECT_EQ(Regex(R"(\w)").count("éa_٣ -"), 4);
  EXPECT_EQ(Regex("a").count({}), 0);
}

TEST(Regex, ABadPatternIsNamed) {
  test::expect_error(ErrorKind::internal, {"offset 2", "(x"}, [] { Regex("(x"); });
}

}  // namespace
}  // namespace lowbit
