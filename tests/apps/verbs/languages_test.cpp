#include <nlohmann/json.hpp>

#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

/// English into two languages, with a column that says which.
class SeveralLanguages : public test::TinyRun {
 protected:
  SeveralLanguages() {
    for (const auto& [part, begin, end] : {std::tuple{"train", 0, 24}, {"dev", 24, 28}, {"test", 28, 34}})
      write(std::string("data/") + part + ".tsv", in_two(rows(begin, end)));
  }
  /// Each row twice: as it is, and with the words of the target in capitals for a second language.
  static std::string in_two(const std::string& tsv) {
    std::string text;
    for (size_t begin = 0; begin < tsv.size();) {
      const size_t end = tsv.find('\n', begin), target = tsv.rfind('\t', end);
      const size_t source = tsv.rfind('\t', target - 1);
      const std::string words = tsv.substr(target + 1, end - target - 1);
      std::string capitals = words;
      for (char& c : capitals) c = static_cast<char>(std::toupper(c));
      for (const auto& [language, said] : {std::pair{"it", words}, {"xx", capitals}})
        text += tsv.substr(begin, source - begin) + "\t" + language + tsv.substr(source, target - source) + "\t" +
                said + "\n";
      begin = end + 1;
    }
    return text;
  }
  std::vector<std::string> arguments() const {
    return {"--data.language_column", "-3", "--source-lang", "en", "--vocab-size", "64"};
  }
};

TEST_F(SeveralLanguages, TheTokenOfTheTargetDecidesTheLanguage) {
  std::vector<std::string> more = arguments();
  more.insert(more.end(), {"--max-update", "300", "--valid.interval", "300", "--lr", "0.01", "--warmup", "10"});
  const std::string model = trained("run", more);
  const std::string sources = write("in.txt", "one\none two\nseven\n");
  for (const auto& [language, word] : {std::pair{"it", "uno"}, {"xx", "UNO"}}) {
    const test::Outcome out =
        run({"generate", model, "--input", sources, "--source-lang", "en", "--target-lang", language});
    EXPECT_EQ(out.out.substr(0, out.out.find('\n')), word) << language << out.err;
  }
  const test::Outcome unknown = run({"generate", model, "--input", sources, "--target-lang", "de"});
  expect_failure(unknown, 2, {"'de'", "[it]", "[xx]"});

  const auto scores = nlohmann::json::parse(
      run({"eval", model, path("data/test.tsv"), "--data.language_column", "-3", "--source-lang", "en", "--json"}).out);
  ASSERT_EQ(scores.at("by_language").size(), 2u);
  EXPECT_GT(scores.at("by_language").at("xx").at("bleu").get<double>(), 0);
  const test::Outcome compared = run({"compare", path("data"), model, "--data.language_column", "-3", "--source-lang",
                                      "en", "--out", path("results.json")});
  EXPECT_EQ(compared.code, 0) << compared.err;
  EXPECT_NE(compared.out.find("run xx"), std::string::npos) << compared.out;
  const auto rows = nlohmann::json::parse(read("results.json")).at("systems");
  EXPECT_DOUBLE_EQ(rows.back().at("by_language").at("it").at("bleu").get<double>(),
                   scores.at("by_language").at("it").at("bleu").get<double>());
}

TEST_F(SeveralLanguages, AVocabularyWithoutTheirTokensIsRefused) {
  trained("plain", {"--data.max_length", "60"});  // reads the columns before the last as the source, learns no tokens
  expect_failure(train("run", arguments()), 2, {"no token for the language", "none"});
}

}  // namespace
}  // namespace lowbit
