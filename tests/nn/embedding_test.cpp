#include "nn/embedding.h"

#include <gtest/gtest.h>

#include <map>

#include "autograd/grad_mode.h"
#include "core/random.h"
#include "nn/output_projection.h"

namespace lowbit {
namespace {

constexpr int64_t kRows = 13, kDim = 10;

Tensor ids() { return Tensor::from({2, 3}, std::vector<int32_t>{4, 0, 12, 4, 1, 7}); }

/// Whole-table encodings as much as those by row.
class EmbeddingBooks : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Quantizers, EmbeddingBooks,
                         ::testing::Values("none", "tbt_weight bits=2", "tbt_weight bits=1", "tbt_weight bits=8",
                                           "twn per=row", "twn per=tensor"));

TEST_P(EmbeddingBooks, LooksUpTheQuantizedTable) {
  Embedding table({.rows = kRows, .dim = kDim, .padding_id = 1, .scale = 3}, 5);
  table.weight_slot().assign(GetParam());
  const Tensor latent = table.weight().value.value();
  const Tensor values = table.weight_slot().get() ? dequantize(table.weight_slot().get()->encode(latent).q) : latent;
  const Variable y = table.forward(ids(), {.training = true});
  EXPECT_EQ(y.shape(), Shape({2, 3, kDim}));
  for (int64_t i = 0; i < 6; ++i)
    for (int64_t d = 0; d < kDim; ++d)
      ASSERT_EQ(y.value().data<float>()[i * kDim + d], 3 * values.data<float>()[ids().data<int32_t>()[i] * kDim + d]);
  for (int64_t d = 0; d < kDim; ++d) EXPECT_EQ(y.value().data<float>()[4 * kDim + d], 0) << "padding row";

  // Straight through (no latent value here reaches TWN's clip of 2.5 or its gradient mask).
  y.backward(Tensor::from({2, 3, kDim}, std::vector<float>(6 * kDim, 0.5f)));
  for (int64_t r = 0; r < kRows; ++r)
    for (int64_t d = 0; d < kDim; ++d) {
      const int uses = r == 4 ? 2 : r == 0 || r == 12 || r == 7 ? 1 : 0;
      const bool clipped = GetParam().starts_with("twn") && std::abs(latent.data<float>()[r * kDim + d]) >= 2.5f;
      ASSERT_EQ(table.weight().value.grad().data<float>()[r * kDim + d],
                clipped ? 0.0f : 1.5f * static_cast<float>(uses));
    }
}

TEST_P(EmbeddingBooks, FrozenGivesTheSameBits) {
  Embedding table({.rows = kRows, .dim = kDim, .padding_id = 1, .scale = 3}, 5);
  table.weight_slot().assign(GetParam());
  const std::vector<float> trained = table.forward(ids(), {.training = true}).value().to_vector<float>();
  table.freeze();
  EXPECT_EQ(table.weight().value.defined(), GetParam() == "none");
  EXPECT_EQ(table.forward(ids(), {}).value().to_vector<float>(), trained);
}

TEST(Embedding, RefusesIdsOutsideTheTable) {
  Embedding table({.rows = kRows, .dim = kDim}, 5);
  table.weight_slot().assign("tbt_weight bits=2");
  const Tensor outside = Tensor::from({1}, std::vector<int32_t>{13});
  EXPECT_THROW(table.forward(outside, {}), Error);
  table.freeze();
  EXPECT_THROW(table.forward(outside, {}), Error);
}

/// A table and a projection in one tree, as in a model.
class Tied final : public Module {
 public:
  Tied(const std::string& look_up, const std::string& weight, const std::string& input)
      : embed_tokens({.rows = kRows, .dim = kDim, .padding_id = 1}, 5), output_projection(embed_tokens, true) {
    own("embed_tokens", embed_tokens);
    own("output_projection", output_projection);
    each_slot([&](const std::string& path, Slot& slot) {
      slot.assign(path == "embed_tokens.weight" ? look_up : path == "output_projection.weight" ? weight : input);
    });
  }
  Variable logits(const ForwardContext& context) {
    return output_projection.forward(embed_tokens.forward(ids(), context), context);
  }
  std::vector<std::string> paths() {
    std::vector<std::string> all;
    each_parameter([&](const std::string& path, Parameter&) { all.push_back(path); });
    return all;
  }
  Embedding embed_tokens;
  OutputProjection output_projection;
};

TEST(OutputProjection, SharesTheLatentTableButNotItsBits) {
  Tied tied("tbt_weight bits=1", "tbt_weight bits=8", "absmax bits=8");
  EXPECT_EQ(tied.paths(), (std::vector<std::string>{"embed_tokens.weight", "output_projection.bias"}));
  const Variable y = tied.logits({.training = true});
  EXPECT_EQ(y.shape(), Shape({2, 3, kRows}));
  y.backward(random_normal(y.shape(), 0, 1, 4));
  // Every row is an output, so every row but padding's look-up learns from the projection.
  for (int64_t r = 0; r < kRows; ++r) {
    double size = 0;
    for (int64_t d = 0; d < kDim; ++d)
      size += std::abs(tied.embed_tokens.weight().value.grad().data<float>()[r * kDim + d]);
    EXPECT_GT(size, 0) << r;
  }
  const std::vector<float> trained = y.value().to_vector<float>();
  const auto codes = [&] {
    std::map<std::string, std::vector<int8_t>> all;
    tied.each_weight_codes([&](const std::string& path, const QTensor& q) { all[path] = q.codes.to_vector<int8_t>(); });
    return all;
  };
  const auto live = codes();
  EXPECT_EQ(live.size(), 2u);
  EXPECT_EQ(live.count("output_projection.weight"), 1u);
  freeze_tree(tied);
  EXPECT_EQ(codes(), live);
  EXPECT_EQ(tied.paths(), (std::vector<std::string>{"output_projection.bias"}));
  EXPECT_EQ(tied.embed_tokens.weight_slot().codes().book, CodeBook::binary);
  EXPECT_EQ(tied.output_projection.weight_slot().codes().book, CodeBook::int8);
  EXPECT_EQ(tied.logits({}).value().to_vector<float>(), trained);
}

TEST(OutputProjection, InFloatItKeepsTheLatentTableOfAFrozenEmbedding) {
  Tied tied("tbt_weight bits=2", "none", "none");
  const std::vector<float> trained = tied.logits({.training = true}).value().to_vector<float>();
  freeze_tree(tied);
  EXPECT_EQ(tied.paths(), (std::vector<std::string>{"output_projection.weight", "output_projection.bias"}));
  EXPECT_EQ(tied.logits({}).value().to_vector<float>(), trained);
}

TEST(OutputProjection, ALoaderMayFreezeEitherAloneAndInAnyOrder) {
  Tied trained("tbt_weight bits=2", "tbt_weight bits=8", "absmax bits=8");
  const std::vector<float> logits = trained.logits({.training = true}).value().to_vector<float>();
  freeze_tree(trained);
  for (const bool projection_first : {false, true}) {
    Tied loaded("tbt_weight bits=2", "tbt_weight bits=8", "absmax bits=8");
    if (projection_first) loaded.output_projection.freeze(trained.output_projection.weight_slot().stored());
    loaded.embed_tokens.freeze(trained.embed_tokens.weight_slot().stored());
    if (!projection_first) loaded.output_projection.freeze(trained.output_projection.weight_slot().stored());
    EXPECT_EQ(loaded.paths(), (std::vector<std::string>{"output_projection.bias"}));
    EXPECT_EQ(loaded.logits({}).value().to_vector<float>(), logits);
  }
}

TEST(Module, RefusesCodesThatDoNotFit) {
  Tied tied("tbt_weight bits=2", "none", "none");
  const StoredCodes other = store_codes(
      {CodeBook::ternary, Granularity::row, Tensor::zeros({kRows, kDim + 1}, DType::i8), Tensor::zeros({kRows}), {}});
  EXPECT_THROW(tied.embed_tokens.freeze(other), Error);
  EXPECT_THROW(tied.freeze(other), Error) << "no weight of its own";
}

TEST(OutputProjection, AFloatModelKeepsOneTable) {
  Tied tied("none", "none", "none");
  freeze_tree(tied);
  EXPECT_EQ(tied.paths(), (std::vector<std::string>{"embed_tokens.weight", "output_projection.bias"}));
}

}  // namespace
}  // namespace lowbit
