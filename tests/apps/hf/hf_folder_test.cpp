#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/lib/model/model_folder.h"
#include "core/files/safetensors.h"
#include "tests/apps/hf/hf_verbs.h"
#include "tests/nn/checkpoint/torch/torch_archive.h"
#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using test::HfVerbs;

TEST_F(HfVerbs, GenerateAndEvalReadTheFolderAndItsSearch) {
  const std::string input = write("input", "one two\n\nthree\n");
  const std::vector<std::string> generate = {"generate", path("bart"), "--input", input, "--generate.format", "jsonl"};
  const test::Outcome found = succeed(generate);
  const auto first = nlohmann::json::parse(found.out.substr(0, found.out.find('\n')));
  const auto tokens = first["hypotheses"][0]["tokens"].get<std::vector<int32_t>>();
  EXPECT_EQ(tokens.front(), 0);
  EXPECT_EQ(tokens.back(), 2);
  EXPECT_LE(tokens.size(), 8u);
  auto longer = generate;
  longer.insert(longer.end(), {"--max-len-b", "30", "--min-len", "20"});
  const auto second = nlohmann::json::parse(succeed(longer).out.substr(0, succeed(longer).out.find('\n')));
  EXPECT_GE(second["hypotheses"][0]["tokens"].size(), 19u);
  const auto scored = nlohmann::json::parse(succeed({"eval", path("bart"), path("data/test.tsv"), "--json"}).out);
  EXPECT_EQ(scored["beam"], 3);
  EXPECT_GT(scored["nll_loss"], 5);  // random weights
  EXPECT_NE(succeed({"inspect", path("bart")}).out.find("encoder.layers.0.fc1.weight"), std::string::npos);
}

TEST_F(HfVerbs, TrainingGoesOnFromTheFolderWithItsTokenizer) {
  succeed(from_bart("train", "tuned", {"--finetune-from", path("bart")}));
  EXPECT_EQ(read("tuned/vocab.json"), read("bart/vocab.json"));
  EXPECT_FALSE(fs::exists(path("data/sentencepiece.bpe.model")));
  succeed(from_bart("distill", "student", {"--teacher", path("bart"), "--recipe", "tbt-2-2-8"}));
  succeed({"export", path("student"), "--out", path("packed")});
  const std::string input = write("input", "one two\n");
  EXPECT_EQ(succeed({"generate", path("packed"), "--input", input}).out,
            succeed({"generate", path("student"), "--input", input}).out);
  EXPECT_EQ(succeed({"tokenize", path("packed"), "--input", input}).out,
            succeed({"tokenize", path("bart"), "--input", input}).out);
  test::expect_failure(run({"export", path("student"), "--format", "hf", "--out", path("floats")}), 2,
                       {"--format", "packed", "tbt_weight"});
  EXPECT_FALSE(fs::exists(path("floats")));
}

TEST_F(HfVerbs, AStartWithoutATokenizerIsRefusedBeforeOneIsLearned) {
  for (const char* file : {"vocab.json", "merges.txt"}) fs::rename(path("bart/") + file, path(file));
  const auto distilling = from_bart("distill", "student", {"--teacher", path("bart"), "--recipe", "tbt-2-2-8"}),
             tuning = from_bart("train", "tuned", {"--finetune-from", path("bart")});
  const std::string data = path("data");
  const auto files = std::distance(fs::directory_iterator(data), fs::directory_iterator());
  for (const auto& command : {distilling, tuning})
    test::expect_failure(run(command), 2, {path("bart"), "no tokenizer", "data.tokenizer"});
  EXPECT_EQ(std::distance(fs::directory_iterator(data), fs::directory_iterator()), files) << "something was written";
  fs::create_directory(path("named"));
  for (const char* file : {"vocab.json", "merges.txt"}) fs::rename(path(file), path("named/") + file);
  auto named = tuning;
  named.insert(named.end(), {"--data.tokenizer", path("named")});
  succeed(named);
}

TEST_F(HfVerbs, WhetherMaskTakesTheSpaceTravelsWithTheTokenizer) {
  write("bart/tokenizer_config.json", R"({"added_tokens_decoder": {"604": {"content": "<mask>", "lstrip": false}}})");
  const std::string input = write("input", "one <mask> two\n");
  const std::string ids = succeed({"tokenize", path("bart"), "--input", input}).out;
  succeed(from_bart("train", "tuned", {"--finetune-from", path("bart")}));
  succeed({"export", path("tuned"), "--format", "hf", "--out", path("back")});
  for (const char* folder : {"tuned", "back"})
    EXPECT_EQ(succeed({"tokenize", path(folder), "--input", input}).out, ids) << folder;
  fs::remove(path("bart/tokenizer_config.json"));
  EXPECT_NE(succeed({"tokenize", path("bart"), "--input", input}).out, ids);
}

TEST_F(HfVerbs, AFileInPlaceOfItsFolderIsAnsweredWithTheFolder) {
  for (const char* file : {"model.safetensors", "config.json"})
    test::expect_failure(run({"inspect", path("bart/") + file}), 4,
                         {file, "give the folder that it is in, " + path("bart")});
}

TEST_F(HfVerbs, ExportBackGivesTheSameFolder) {
  succeed({"export", path("bart"), "--format", "hf", "--out", path("again")});
  for (const char* file : {"config.json", "generation_config.json", "model.safetensors", "vocab.json", "merges.txt"})
    expect_same_file(std::string("again/") + file, std::string("bart/") + file);
  succeed(from_bart("train", "tuned", {"--finetune-from", path("bart")}));
  succeed({"export", path("tuned"), "--format", "hf", "--out", path("back")});
  const StateDict before = load_safetensors(path("bart/model.safetensors")),
                  after = load_safetensors(path("back/model.safetensors"));
  ASSERT_EQ(before.tensors.size(), after.tensors.size());
  EXPECT_NE(before.tensors.at("model.shared.weight").to_vector<float>(),
            after.tensors.at("model.shared.weight").to_vector<float>());
  const LoadedModel run_model = load_model(path("tuned")), hf_model = load_model(path("back"));
  EXPECT_EQ(run_model.model->embed_tokens().weight().value.value().to_vector<float>(),
            hf_model.model->embed_tokens().weight().value.value().to_vector<float>());
}

TEST_F(HfVerbs, InspectPrintsTheSlotsOfAnArchitecture) {
  const std::string out = succeed({"inspect", "--slots", "mbart-large-50"}).out;
  EXPECT_NE(out.find("\ndecoder.layers.11.encoder_attn.probs\n"), std::string::npos);
  EXPECT_NE(out.find("610879488 parameters"), std::string::npos);
  test::expect_failure(run({"inspect", "--slots", "mbart-large-5"}), 2, {"mbart-large-50"});
  test::expect_failure(run({"inspect"}), 2, {"--slots"});
}

TEST_F(HfVerbs, WhatHasNoClassThereIsRefused) {
  test::expect_failure(run({"export", trained("plain"), "--format", "hf", "--out", path("out")}), 2,
                       {"no class of Hugging Face", "bart-base"});
  EXPECT_FALSE(fs::exists(path("out")));
}

TEST_F(HfVerbs, ABrokenFolderIsOneLineThatNamesFileAndTensor) {
  StateDict weights = load_safetensors(path("bart/model.safetensors"));
  weights.tensors.erase("model.decoder.layers.0.fc2.bias");
  save_safetensors(path("bart/model.safetensors"), weights);
  const std::string input = write("input", "one two\n");
  for (const std::vector<std::string>& command : {std::vector<std::string>{"inspect", path("bart")},
                                                  {"generate", path("bart"), "--input", input},
                                                  {"eval", path("bart"), path("data/test.tsv")},
                                                  {"export", path("bart"), "--format", "hf", "--out", path("out")},
                                                  from_bart("train", "tuned", {"--finetune-from", path("bart")})}) {
    SCOPED_TRACE(command[0]);
    test::expect_failure(run(command), 4, {"bart/model.safetensors", "model.decoder.layers.0.fc2.bias"});
  }
  fs::remove(path("bart/model.safetensors"));
  write("bart/pytorch_model.bin", "x");
  test::expect_failure(run({"inspect", path("bart")}), 4, {"pytorch_model.bin", "no file that torch.save wrote"});
}

TEST_F(HfVerbs, TorchsFileIsReadWhereSafetensorsAreAbsentAndNeverExecuted) {
  const std::string golden = LB_TEST_DIR "/golden/";
  fs::create_directory(path("torch"));
  fs::copy_file(golden + "hf_bart/config.json", path("torch/config.json"));
  fs::copy_file(golden + "torch/bart.bin", path("torch/pytorch_model.bin"));
  const test::Outcome inspected = succeed({"inspect", path("torch")}),
                      expected = succeed({"inspect", golden + "hf_bart"});
  const auto tensors = [](const std::string& out) {  // the torch file also has copies of the table
    const size_t begin = out.find('\n');
    return out.substr(begin, out.rfind(" B\n") - begin);
  };
  EXPECT_EQ(tensors(inspected.out), tensors(expected.out));
  const LoadedModel loaded = load_model(path("torch"));
  EXPECT_EQ(loaded.imported->aliases.size(), 3u);
  EXPECT_EQ(model_bytes(loaded), static_cast<int64_t>(fs::file_size(path("torch/config.json")) +
                                                      fs::file_size(path("torch/pytorch_model.bin"))));

  const std::string marker = path("executed"), call = "cposix\nsystem\n" + test::pickled("touch " + marker) + "\x85R.";
  write("torch/pytorch_model.bin", test::torch_archive(call));
  test::expect_failure(run({"inspect", path("torch")}), 4, {"torch/pytorch_model.bin", "byte 0", "posix.system"});
  EXPECT_FALSE(fs::exists(marker));
}

TEST_F(HfVerbs, ATokenizerOfAnotherSizeIsRefused) {
  std::string vocabulary = read("bart/vocab.json");
  vocabulary.replace(vocabulary.rfind('}'), 1, ", \"extra\": 605}");
  write("bart/vocab.json", vocabulary);
  test::expect_failure(run({"generate", path("bart"), "--input", write("input", "one\n")}), 4,
                       {"vocab.json", "606 pieces", "605 rows"});
}

}  // namespace
}  // namespace lowbit
