#include "nn/checkpoint/hf_generation.h"

#include <gtest/gtest.h>

#include "nn/checkpoint/hf_import.h"
#include "nn/generate/generate.h"
#include "nn/generate/seq2seq_stepper.h"
#include "tests/nn/checkpoint/hf_folder.h"
#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

using test::HfFolder;
using Sentences = std::vector<std::vector<std::vector<int32_t>>>;

class HfGeneration : public ::testing::TestWithParam<const char*> {};

Tensor as_i32(const Tensor& ids) {
  std::vector<int32_t> narrow;
  for (const int64_t id : ids.to_vector<int64_t>()) narrow.push_back(static_cast<int32_t>(id));
  return Tensor::from(ids.shape(), narrow);
}

Tensor as_mask(const Tensor& mask) {
  std::vector<uint8_t> bytes;
  for (const int64_t m : mask.to_vector<int64_t>()) bytes.push_back(m != 0);
  return Tensor::from(mask.shape(), bytes);
}

/// Row `row` alone, or the whole batch in that order.
Tensor rows_of(const Tensor& x, const std::vector<int64_t>& rows) {
  std::vector<int64_t> picked;
  const int64_t columns = x.shape()[1];
  for (const int64_t r : rows)
    for (int64_t c = 0; c < columns; ++c) picked.push_back(x.data<int64_t>()[r * columns + c]);
  return Tensor::from(Shape{static_cast<int64_t>(rows.size()), columns}, picked);
}

/// The folder's generation_config.json, with one case's changes, gives the very tokens of transformers' generate().
TEST_P(HfGeneration, FindsTransformersSentences) {
  const StateDict inputs = load_safetensors(test::golden_hf(GetParam()) + "/expected.safetensors");
  const auto golden = nlohmann::json::parse(test::contents(test::golden_hf(GetParam()) + "/generated.json"));
  for (const auto& c : golden.at("cases")) {
    SCOPED_TRACE(c.at("change").dump());
    const HfFolder folder(GetParam());
    for (const auto& [key, value] : c.at("change").items()) folder.set("generation_config.json", key, value);
    const auto model = import_hf_folder(folder.path()).model;
    const GenerationConfig config = read_hf_generation(folder.path(), model->config());
    for (const std::vector<int64_t>& order : {std::vector<int64_t>{0, 1, 2}, {2, 0, 1}, {1}}) {
      Seq2SeqStepper stepper(*model, as_i32(rows_of(inputs.tensors.at("input_ids"), order)),
                             as_mask(rows_of(inputs.tensors.at("attention_mask"), order)));
      const auto found = generate(stepper, std::vector<GenerationRequest>(order.size()), config);
      for (size_t i = 0; i < order.size(); ++i) {
        const auto& expected = c.at("sentences")[static_cast<size_t>(order[i])];
        ASSERT_EQ(found[i].size(), expected.size());
        for (size_t h = 0; h < expected.size(); ++h) {
          EXPECT_EQ(found[i][h].tokens, expected[h].at("tokens").get<std::vector<int32_t>>())
              << "sentence " << order[i];
          if (expected[h].at("score").is_null()) continue;  // greedy search has none
          EXPECT_NEAR(found[i][h].score, expected[h].at("score").get<double>(), 2e-4);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Transformers, HfGeneration, ::testing::Values("hf_bart", "hf_mbart"),
                         [](const auto& test) { return std::string(test.param); });

GenerationConfig config_of(const HfFolder& folder) {
  return read_hf_generation(folder.path(), read_hf_config(folder.path()));
}

TEST(HfGenerationConfig, WithoutItsFileTheConfigurationSpeaks) {
  const HfFolder folder("hf_bart");
  std::filesystem::remove(folder.path("generation_config.json"));
  EXPECT_EQ(config_of(folder).max_len_b, 20);
  EXPECT_EQ(config_of(folder).beam, 1);
  EXPECT_EQ(config_of(folder).forced_eos, 2);
  folder.set("config.json", "num_beams", 6);
  folder.set("config.json", "max_length", 15);
  EXPECT_EQ(config_of(folder).beam, 6);
  EXPECT_EQ(config_of(folder).max_len_b, 15);
}

TEST(HfGenerationConfig, ReadsWhatItWrites) {
  const HfFolder folder("hf_bart");
  const TransformerConfig model = read_hf_config(folder.path());
  const std::string written = generation_to_hf(config_of(folder), model);
  std::ofstream(folder.path("generation_config.json")) << written;
  EXPECT_EQ(generation_to_hf(config_of(folder), model), written);
  EXPECT_NE(written.find("\"forced_bos_token_id\": 0"), std::string::npos) << written;
}

TEST(HfGenerationConfig, NewTokensCountFromTheDecoderStart) {
  const HfFolder folder("hf_bart");
  folder.set("generation_config.json", "max_new_tokens", 5);
  EXPECT_EQ(config_of(folder).max_len_b, 6);
}

TEST(HfGenerationConfig, RefusesByNameWhatItCannotHonour) {
  const auto refused = [](const char* key, const nlohmann::json& value) {
    const HfFolder folder("hf_bart");
    folder.set("generation_config.json", key, value);
    test::expect_error(ErrorKind::model, {"generation_config.json", key}, [&] { config_of(folder); });
  };
  refused("repetition_penalty", 1.2);
  refused("bad_words_ids", {{5}});
  refused("num_beam_groups", 2);
  refused("early_stopping", "soon");
  refused("num_beams", "four");
  refused("num_beams", 0);
  refused("length_penalty", "long");
  refused("forced_bos_token_id", 29);
}

}  // namespace
}  // namespace lowbit
