#include "nn/cast_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "autograd/precision.h"
#include "nn/loss/objective.h"
#include "nn/quant/recipe.h"
#include "nn/transformer/seq2seq.h"

namespace lowbit {
namespace {

Seq2SeqBatch small_batch() {
  const Tensor ids = Tensor::from<int32_t>({2, 3}, {4, 5, 6, 7, 8, 9}),
               all = Tensor::from({2, 3}, std::vector<uint8_t>(6, 1));
  return {.source = ids,
          .source_visible = all,
          .target_in = ids,
          .target_out = ids,
          .target_visible = all,
          .target_tokens = 6};
}

/// Every op on the tape of a model has its row, and its result is stored as the row says.
class CastRules : public ::testing::TestWithParam<PolicyRow> {};
INSTANTIATE_TEST_SUITE_P(Policies, CastRules, ::testing::ValuesIn(kPolicies), [](const auto& row) {
  std::string name(row.param.name);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST_P(CastRules, AreWhatTheTapeHolds) {
  const PolicyRow& policy = GetParam();
  const PrecisionScope scope{Precision(policy.activations)};
  std::map<std::string, int> seen;
  for (const char* recipe : {"", "tbt-2-2-8", "svcd"}) {
    TransformerConfig config = transformer_preset("tiny");
    config.vocab = 32;
    Seq2Seq model(config, 1);
    if (*recipe) apply(Recipe::load(recipe, {LB_TEST_DIR "/../recipes"}, {.activation = config.activation}), model);
    store_matrices(model, policy.policy);
    RandomState random{.key = 1};
    const ForwardContext context{.training = true, .random = &random};
    const Seq2SeqBatch batch = small_batch();
    const EncoderOutput memory = model.encoder().forward(batch.source, batch.source_visible, context);
    const Variable logits = model.logits(model.decoder().forward(batch.target_in, memory, context), context);
    std::istringstream graph(dump_graph(logits));
    for (std::string line; std::getline(graph, line);) {
      std::istringstream words(line);
      std::string number, site, where, dtype;
      words >> number >> site >> where;
      words >> dtype;
      const std::string op = site.substr(site.rfind('/') + 1);
      if (op == "leaf") continue;
      const auto* rule =
          std::find_if(std::begin(kCastRules), std::end(kCastRules), [&](const CastRule& r) { return r.op == op; });
      ASSERT_NE(rule, std::end(kCastRules)) << line;
      ++seen[op];
      if (rule->result == Stored::input || op == "cast") continue;
      EXPECT_EQ(dtype, described(rule->result, policy)) << line;
    }
  }
  for (const char* op : {"linear", "quantized_linear", "layer_norm", "attention_probs", "vector_product", "embedding"})
    EXPECT_GT(seen[op], 0) << op;
}

}  // namespace
}  // namespace lowbit
