#include <nlohmann/json.hpp>

#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

using TranslationVerbs = test::TinyRun;

TEST_F(TranslationVerbs, SearchAlikeUnlessToldAndSayHow) {
  const std::string model = trained("run");
  for (const char* verb : {"generate", "eval", "compare"}) {
    const std::string help = run({verb, "--help"}).out;
    EXPECT_NE(help.find("1: greedy (integer, 1 to 1024; default 1)"), std::string::npos) << help;
  }
  const auto eval = nlohmann::json::parse(run({"eval", model, path("data/test.tsv"), "--json"}).out);
  EXPECT_EQ(eval.at("beam"), 1);
  EXPECT_NE(run({"eval", model, path("data/test.tsv"), "--beam", "3"}).out.find(", beam 3) |"), std::string::npos);
  const std::vector<std::string> compare = {"compare", path("data"), model, "--out", path("results.json")};
  EXPECT_NE(run(compare).out.find(", beam 1\n"), std::string::npos);
  const auto systems = nlohmann::json::parse(read("results.json")).at("systems");
  EXPECT_EQ(systems.back().at("beam"), 1);
  EXPECT_FALSE(systems.front().contains("beam")) << "a baseline searches nothing";
  EXPECT_DOUBLE_EQ(systems.back().at("bleu").get<double>(), eval.at("bleu").get<double>());
}

TEST_F(TranslationVerbs, EvalTakesASplitOfAPreparedFolder) {
  const std::string model = trained("run");
  const auto eval = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"eval", model});
    arguments.push_back("--json");
    const auto record = nlohmann::json::parse(run(arguments).out);
    return std::pair(record["rows"], record["nll_loss"]);
  };
  write("data/dev.tsv", rows(0, 7));
  EXPECT_EQ(eval({path("data")}), eval({path("data/test.tsv")}));
  EXPECT_EQ(eval({path("data"), "--subset", "dev"}), eval({path("data/dev.tsv")}));
  EXPECT_NE(eval({path("data"), "--subset", "dev"}), eval({path("data")}));
  expect_failure(run({"eval", model, path("data"), "--subset", "valid"}), 3, {path("data/valid.tsv"), "No such file"});
  expect_failure(run({"eval", model, path("run")}), 3, {path("run"), "no test.SOURCE-TARGET"});
}

TEST_F(TranslationVerbs, ARunIsAsLargeAsItsExport) {
  const std::string model = trained("run");
  const test::Outcome exported = run({"export", model, "--out", path("packed")});
  ASSERT_EQ(exported.code, 0) << exported.err;
  ASSERT_EQ(run({"compare", path("data"), model, path("packed"), "--out", path("results.json")}).code, 0);
  const auto systems = nlohmann::json::parse(read("results.json")).at("systems");
  const auto in_run = systems.at(2).at("size_bytes").get<int64_t>(),
             packed = systems.at(3).at("size_bytes").get<int64_t>();
  EXPECT_NE(exported.out.find(": " + std::to_string(packed) + " bytes"), std::string::npos) << exported.out;
  EXPECT_NEAR(static_cast<double>(in_run), static_cast<double>(packed), 2000) << "but for small files";
}

TEST_F(TranslationVerbs, GenerateHasNoOptionsOfARun) {
  const std::string help = run({"generate", "--help"}).out;
  EXPECT_EQ(help.find("tensorboard"), std::string::npos) << help;
  EXPECT_EQ(help.find("training records"), std::string::npos) << help;
  EXPECT_NE(help.find("model folder, checkpoint or run (text; required)"), std::string::npos) << help;
}

}  // namespace
}  // namespace lowbit
