#include "apps/lib/model/model_card.h"

#include <nlohmann/json.hpp>

#include "apps/lib/model/model_folder.h"
#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

using Json = nlohmann::json;

class ModelCards : public test::TinyRun {
 protected:
  /// README.md of the run in that format.
  std::string card(const std::string& run_folder, const std::string& format,
                   const std::vector<std::string>& more = {}) {
    std::filesystem::remove_all(path("out"));
    std::vector<std::string> arguments = {"export", run_folder, "--format", format, "--out", path("out")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const test::Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return read("out/README.md");
  }
  static Json results(const std::string& system) {
    return {{"schema", 1},
            {"title", "tiny | test"},
            {"systems",
             {{{"name", "copy-source"}, {"bleu", 1.5}, {"baseline", true}},
              {{"name", system}, {"bleu", 27.125}, {"signature", "nrefs:1|tok:13a"}}}}};
  }
};

void expect_all(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) EXPECT_NE(text.find(part), std::string::npos) << part << " in:\n" << text;
}

TEST_F(ModelCards, SayWhatIsKnownAndWhatIsNot) {
  const std::string run_folder = trained("student", {"--recipe", "tbt-2-2-8"});
  const std::string text = card(run_folder, "packed");
  EXPECT_EQ(text.find("---\nlibrary_name: lowbit\n"), 0u);
  EXPECT_EQ(text.find("license:"), std::string::npos);
  EXPECT_EQ(text.find("model-index:"), std::string::npos);
  EXPECT_EQ(text.find("What differs"), std::string::npos);
  expect_all(text, {"\n# student\n", "weights 2, embedding look-up 2, activations 8, output projection 8",
                    "| recipe | `tbt-2-2-8` |", "| data | `data` |", "| teacher | none |", "| licence | not stated |",
                    "| score in lowbit | not known here", "| `model.safetensors` | "});
  expect_all(card(run_folder, "ct2"), {"| format | `ct2` |", "## What differs", "are left out: CTranslate2"});
}

TEST_F(ModelCards, HaveTheScoreOfTheRunsRowAndTheLicence) {
  const std::string teacher = trained("teacher");
  auto distilling = training("distill", "student", {"--teacher", teacher, "--recipe", "tbt-2-2-8"});
  distilling.erase(std::find(distilling.begin(), distilling.end(), "--arch"),
                   std::find(distilling.begin(), distilling.end(), "--arch") + 2);
  ASSERT_EQ(run(distilling).code, 0);
  write("results.json", results("student").dump());
  expect_all(card(path("student"), "packed", {"--licence", "cc-by-4.0"}),
             {"license: \"cc-by-4.0\"\n", "| licence | cc-by-4.0 |", "| teacher | `teacher` |", "value: 27.12\n",
              "| score in lowbit | BLEU 27.12 on \"tiny \\| test\" |", "\nBLEU signature: `nrefs:1|tok:13a`\n"});
  expect_all(card(teacher, "packed"), {"| score in lowbit | not known here", "| recipe | none: float |"});
  test::expect_failure(run({"export", teacher, "--results", path("results.json"), "--out", path("other")}), 2,
                       {"results.json", "no row of teacher"});
  EXPECT_FALSE(std::filesystem::exists(path("other")));
}

TEST_F(ModelCards, OfAFolderWithoutItsRunAreNamedAfterTheOutput) {
  card(trained("student", {"--recipe", "tbt-2-2-8"}), "packed");
  std::filesystem::rename(path("out"), path("packed"));
  const int64_t parameters = load_model(trained("float")).model->parameter_count();
  expect_all(card(path("packed"), "packed"),
             {"\n# out\n", "| recipe | not known here |", fmt::format("| parameters | {} |", parameters)});
}

TEST_F(ModelCards, TellNothingOfTheMachinesFolders) {
  const std::string recipe = write("mine.yaml", "name: mine\nbase: tbt-2-2-8\nrules: []\n");
  const std::string run_folder = trained("student", {"--recipe", recipe});
  Json scores = results("student");
  scores["title"] = path("data");
  write("results.json", scores.dump());
  const std::string text = card(run_folder, "packed");
  EXPECT_EQ(text.find(path("")), std::string::npos) << text;
  expect_all(text, {"| recipe | `mine.yaml` |", "on \"data\""});
  const ModelCard written{.format = "hf",
                          .command = {"/opt/bin/lowbit", "export", "runs/a", "--out=/home/me/out", "--languages",
                                      "de,fr", "a=/x/y/,b=../z", "and/or", "of /home/me/data"}};
  expect_all(model_card(written), {"\nlowbit export runs/a --out=out --languages de,fr a=y,b=../z and/or 'of data'\n"});
}

}  // namespace
}  // namespace lowbit
