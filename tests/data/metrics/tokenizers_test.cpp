#include "data/metrics/tokenizers.h"

#include <gtest/gtest.h>

#include "tests/data/metrics/golden_metrics.h"
#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

TEST(BleuTokenizers, EqualSacrebleu) {
  const auto cases = read_golden("metrics_lines.json").at("tokens");
  ASSERT_GT(cases.size(), 150u);
  for (const auto& expected : cases) {
    const BleuTokenizer tokenizer =
        value_by_name("test", "tokenizer", expected.at("tokenizer").get<std::string>(), kBleuTokenizers);
    EXPECT_EQ(tokenize_for_bleu(expected.at("line").get<std::string>(), tokenizer),
              expected.at("tokens").get<std::vector<std::string>>())
        << expected.dump();
  }
}

TEST(BleuTokenizers, NoneSplitsAtWhiteSpaceOnly) {
  EXPECT_EQ(tokenize_for_bleu(" a,b\tc\u3000d. ", BleuTokenizer::none), (std::vector<std::string>{"a,b", "c", "d."}));
}

TEST(BleuTokenizers, UnknownNameIsAnsweredWithTheNearest) {
  test::expect_error(ErrorKind::usage, {"\"inter\"", "nearest is intl"},
                     [] { value_by_name("bleu", "tokenizer", "inter", kBleuTokenizers); });
}

}  // namespace
}  // namespace lowbit
