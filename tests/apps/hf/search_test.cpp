#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/apps/hf/hf_verbs.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

/// A search that no default gives travels with the model: into packed folders, runs, and back.
class SearchTravels : public test::HfVerbs {
 protected:
  SearchTravels()
      : HfVerbs({.rule = SearchRule::hf,
                 .beam = 4,
                 .max_len_b = 14,
                 .min_len = 6,
                 .length_penalty = 2,
                 .no_repeat_ngram = 2,
                 .early_stopping = EarlyStopping::yes}) {}
  /// One key of a folder's file; null takes it away.
  void set(const std::string& folder, const std::string& key, const nlohmann::json& value) const {
    const std::string file = folder + "/generation_config.json";
    auto json = nlohmann::ordered_json::parse(read(file));
    if (value.is_null())
      json.erase(key);
    else
      json[key] = value;
    write(file, json.dump(2) + "\n");
  }
  std::string packed(const std::string& model, const std::string& name = "packed") {
    EXPECT_EQ(succeed({"export", path(model), "--out", path(name)}).err, "") << "nothing is lost";
    return name;
  }
  /// Ids and scores.
  std::string found(const std::string& model, const std::vector<std::string>& flags = {}) {
    std::vector<std::string> arguments = {
        "generate", path(model), "--input", write("input", "one two\nfive\n"), "--generate.format", "jsonl"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return succeed(arguments).out;
  }
};

TEST_F(SearchTravels, IntoAPackedFolder) {
  const std::string model = packed("bart"), ids = found("bart");
  EXPECT_EQ(found(model), ids);
  EXPECT_EQ(found(model, {"--beam", "1"}), found("bart", {"--beam", "1"})) << "a flag wins, the rest stays";
  EXPECT_NE(found(model, {"--beam", "1"}), ids);
  EXPECT_NE(found(model, {"--no-repeat-ngram-size", "0"}), ids);
  const auto eval = [&](const std::string& folder) {
    auto record = nlohmann::json::parse(succeed({"eval", path(folder), path("data/test.tsv"), "--json"}).out);
    for (const char* key : {"model", "sentences_per_s", "tokens_per_s"}) record.erase(key);
    return record;
  };
  EXPECT_EQ(eval(model), eval("bart"));
  EXPECT_EQ(eval(model)["beam"], 4);
  fs::remove(path("packed/generation_config.json"));
  EXPECT_NE(found(model), ids) << "the file alone says it";
}

TEST_F(SearchTravels, AsTheFlagsThatMeanTheSame) {
  for (const char* key : {"early_stopping", "forced_bos_token_id", "forced_eos_token_id"}) set("bart", key, nullptr);
  const std::string model = packed("bart"), ids = found(model);
  const std::vector<std::string> flags = {"--beam",
                                          "4",
                                          "--lenpen",
                                          "2",
                                          "--max-len-a",
                                          "0",
                                          "--max-len-b",
                                          "14",
                                          "--min-len",
                                          "6",
                                          "--no-repeat-ngram-size",
                                          "2"};
  const auto by_hand = [&](const std::string& rule) {
    std::vector<std::string> all = flags;
    all.insert(all.end(), {"--rule", rule});
    return all;
  };
  fs::rename(path("packed/generation_config.json"), path("kept.json"));
  EXPECT_EQ(found(model, by_hand("hf")), ids);
  const std::string fairseq = found(model, by_hand("fairseq")), greedy = found(model);
  EXPECT_NE(greedy, ids);
  fs::rename(path("kept.json"), path("packed/generation_config.json"));
  set(model, "search_rule", "fairseq");
  EXPECT_EQ(found(model), fairseq);
  EXPECT_NE(fairseq, ids);
  set(model, "max_len_a", 3);
  EXPECT_EQ(found(model), found(model, {"--max-len-a", "3"}));
  EXPECT_EQ(succeed({"export", path(model), "--out", path("again")}).err, "");
  EXPECT_EQ(nlohmann::json::parse(read("again/generation_config.json")),
            nlohmann::json::parse(read("packed/generation_config.json")));
  const std::string warning = succeed({"export", path(model), "--format", "hf", "--out", path("back")}).err;
  EXPECT_EQ(warning.find("warning: how to search, by fairseq's rule, is not kept"), 0u) << warning;
}

TEST_F(SearchTravels, BackToAHuggingFaceFolder) {
  succeed({"export", path(packed("bart")), "--format", "hf", "--out", path("back")});
  for (const char* file : {"config.json", "generation_config.json", "model.safetensors"})
    expect_same_file(std::string("back/") + file, std::string("bart/") + file);
}

TEST_F(SearchTravels, ThroughRuns) {
  const std::string float_model = packed("bart", "float");
  for (const std::string& start : {std::string("bart"), float_model}) {
    SCOPED_TRACE(start);
    succeed(from_bart("train", "tuned", {"--finetune-from", path(start)}));
    succeed(from_bart("distill", "student", {"--teacher", path("tuned"), "--recipe", "tbt-2-2-8"}));
    for (const char* run : {"tuned", "student"}) {
      expect_same_file(packed(run) + "/generation_config.json", "float/generation_config.json");
      EXPECT_EQ(found("packed"), found(run));
      EXPECT_EQ(found(std::string(run) + "/checkpoint_last/"), found(run));
      EXPECT_NE(found(run), found(run, {"--beam", "1"}));
    }
    succeed({"average", path("tuned"), "--last", "2", "--out", path("mean")});
    expect_same_file("mean/generation_config.json", "float/generation_config.json");
    succeed({"export", path("tuned"), "--format", "hf", "--out", path("back")});
    expect_same_file("back/generation_config.json", "bart/generation_config.json");
    for (const char* made : {"tuned", "student", "mean", "back"}) fs::remove_all(path(made));
  }
}

TEST_F(SearchTravels, NotWhereThereIsNone) {
  trained("run");
  EXPECT_FALSE(fs::exists(path("run/generation_config.json")));
  const auto written = nlohmann::json::parse(read(packed("run") + "/generation_config.json"));
  EXPECT_EQ(written, nlohmann::json::object({{"bos_token_id", 0},
                                             {"pad_token_id", 1},
                                             {"eos_token_id", 2},
                                             {"decoder_start_token_id", 2},
                                             {"max_length", 256}}));
  EXPECT_EQ(found("packed"), found("packed", {"--beam", "1", "--max-len-a", "1.5", "--max-len-b", "20"}));
  const std::string table = succeed({"compare", path("data"), "hf=" + path("bart"), "ours=" + path("packed")}).out;
  EXPECT_NE(table.find("beam 4 (hf), beam 1 (ours)\n"), std::string::npos) << table;
  EXPECT_NE(succeed({"compare", path("data"), path("bart"), path("run"), "--beam", "2"}).out.find(", beam 2\n"),
            std::string::npos);
}

TEST_F(SearchTravels, NotToCTranslate2) {
  const test::Outcome outcome = succeed({"export", path("bart"), "--format", "ct2", "--out", path("ct2")});
  EXPECT_EQ(outcome.err.find("warning: how to search (beams"), 0u) << outcome.err;
  EXPECT_NE(read("ct2/README.md").find("how to search (beams"), std::string::npos);
}

TEST_F(SearchTravels, UnlessTheFileIsBroken) {
  const std::string model = packed("bart"), file = model + "/generation_config.json", whole = read(file);
  const auto refused = [&](const std::vector<std::string>& words) {
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"generate", path(model), "--input", write("input", "one\n")},
          {"eval", path(model), path("data/test.tsv")},
          {"compare", path("data"), path(model)},
          {"export", path(model), "--out", path("again")},
          from_bart("train", "tuned", {"--finetune-from", path(model)})}) {
      SCOPED_TRACE(command[0]);
      test::expect_failure(run(command), 4, words);
    }
    EXPECT_FALSE(fs::exists(path("again")));
    write(file, whole);
  };
  write(file, "{");
  refused({file, "not a JSON object"});
  set(model, "num_beams", "four");
  refused({file, "'num_beams'", "wrong type"});
  set(model, "eos_token_id", {2});
  refused({file, "'eos_token_id' [2]", "one integer is wanted"});
  set(model, "num_beams", 0);
  refused({file, "'num_beams' 0", "from 1 to"});
  set(model, "search_rule", "ours");
  refused({file, "'search_rule'", "fairseq"});
  set(model, "forced_bos_token_id", 605);
  refused({file, "'forced_bos_token_id'", "605"});
}

TEST_F(SearchTravels, UnlessItIsNotSupported) {
  set("bart", "repetition_penalty", 1.2);
  const test::Outcome outcome = succeed({"export", path("bart"), "--out", path("packed")});
  EXPECT_EQ(outcome.err.find("warning: how to search is not kept: "), 0u) << outcome.err;
  EXPECT_NE(outcome.err.find("'repetition_penalty' 1.2"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
  EXPECT_EQ(found("packed"), found("packed", {"--beam", "1", "--max-len-a", "1.5", "--max-len-b", "20"}));
}

}  // namespace
}  // namespace lowbit
