#include "nn/transformer/config.h"

#include <gtest/gtest.h>

#include "autograd/grad_mode.h"
#include "core/error.h"
#include "nn/transformer/seq2seq.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

struct PublishedModel {
  const char* name;
  int64_t parameters, tensors;
};

/// Weights that nobody writes take no memory, so the large ones cost the test nothing.
TEST(Presets, HaveThePublishedNumberOfParametersAndTensors) {
  for (const PublishedModel& expected :
       {PublishedModel{"bart-base", 139'420'416, 259}, PublishedModel{"bart-large", 406'291'456, 511},
        PublishedModel{"mbart-large-cc25", 610'851'840, 515}, PublishedModel{"mbart-large-50", 610'879'488, 515}}) {
    TransformerConfig config = transformer_preset(expected.name);
    config.init = WeightInit::none;
    Seq2Seq model(config, 1);
    EXPECT_EQ(model.parameter_count(), expected.parameters) << expected.name;
    int64_t tensors = 0;
    model.each_parameter([&](const std::string&, Parameter& p) { tensors += p.value.requires_grad(); });
    EXPECT_EQ(tensors, expected.tensors) << expected.name;
  }
}

/// Counted by hand: per layer the projections with their biases, the feed-forward layer, and the norms.
TEST(Presets, PlainTransformersHaveTheParametersOfTheirSizes) {
  for (const std::string& name : transformer_preset_names()) {
    if (!name.starts_with("transformer_")) continue;
    TransformerConfig config = transformer_preset(name);
    config.init = WeightInit::none;
    const int64_t d = config.dim, f = config.ffn_dim, attention = 4 * d * (d + 1), ffn = 2 * d * f + f + d,
                  norm = 2 * d;
    const int64_t expected = config.vocab * d + config.encoder_layers * (attention + ffn + 2 * norm) +
                             config.decoder_layers * (2 * attention + ffn + 3 * norm) +
                             (config.pre_norm ? 2 * norm : 0);
    EXPECT_EQ(Seq2Seq(config, 1).parameter_count(), expected) << name;
  }
  const TransformerConfig big = transformer_preset("transformer_vaswani_wmt_en_de_big");
  EXPECT_EQ(std::tuple(big.dim, big.ffn_dim, big.heads, big.dropout), std::tuple(1024, 4096, 16, 0.3));
}

/// A row of docs/models.md for each, with the counts that `lowbit inspect --slots` prints.
TEST(Presets, StandInTheModelsPage) {
  const std::string page = test::contents(LB_TEST_DIR "/../docs/models.md");
  const auto grouped = [](int64_t number) {
    std::string digits = std::to_string(number);
    for (int64_t i = std::ssize(digits) - 3; i > 0; i -= 3) digits.insert(static_cast<size_t>(i), ",");
    return digits;
  };
  for (const std::string& name : transformer_preset_names()) {
    TransformerConfig config = transformer_preset(name);
    config.init = WeightInit::none;
    Seq2Seq model(config, 1);
    int64_t slots = 0;
    model.each_slot([&](const std::string&, Slot&) { ++slots; });
    const size_t begin = page.find("| `" + name + "` | " + grouped(config.vocab) + " |");
    ASSERT_NE(begin, std::string::npos) << name;
    const std::string row = page.substr(begin, page.find('\n', begin) - begin);
    EXPECT_TRUE(row.ends_with("| " + grouped(model.parameter_count()) + " | " + grouped(slots) + " |")) << row;
  }
}

TEST(Presets, AnUnknownNameIsAnsweredWithTheNearest) {
  try {
    transformer_preset("mbart-large-cc52");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("mbart-large-cc25"), std::string::npos) << error.what();
  }
}

TEST(TransformerConfig, ReadsWhatItWrites) {
  TransformerConfig config = transformer_preset("mbart-large-50");
  EXPECT_EQ(transformer_config_from_json(to_json(config), "test"), config);
  config.decoder_heads = 8;
  config.decoder_ffn_dim = 2048;
  EXPECT_EQ(transformer_config_from_json(to_json(config), "test"), config);
}

TEST(TransformerConfig, TheDecoderMayHaveHeadsAndWidthOfItsOwn) {
  TransformerConfig config = transformer_preset("tiny");
  config.decoder_heads = 4;
  config.decoder_ffn_dim = 48;
  Seq2Seq model(config, 1);
  model.each_parameter([&](const std::string& path, Parameter& p) {
    const int64_t width = path.starts_with("encoder") ? 64 : 48;
    if (path.ends_with("fc1.weight")) {
      EXPECT_EQ(p.value.shape()[0], width) << path;
    }
  });
  const Tensor ids = Tensor::from(Shape{1, 3}, std::vector<int32_t>{5, 6, 2});
  const GradMode off(false);
  StackTrace trace;
  const EncoderOutput memory = model.encoder().forward(ids, Tensor(), {});
  model.decoder().forward(ids, memory, {}, &trace);
  EXPECT_EQ(trace.self_probs.front().shape(), Shape({1, 4, 3, 3}));
  config.decoder_heads = 5;
  EXPECT_THROW(validate(config), Error);
}

}  // namespace
}  // namespace lowbit
