#include "nn/quant/recipe.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <memory>

#include "core/error.h"
#include "nn/linear.h"
#include "nn/output_projection.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

fs::path recipes() { return fs::path(LB_TEST_DIR).parent_path() / "recipes"; }

/// The slots of an encoder-decoder transformer under their paths, without its arithmetic.
class Skeleton final : public Module {
 public:
  Skeleton() : embed_tokens_({.rows = 6, .dim = 4}, 1), projection_(embed_tokens_, false) {
    own("embed_tokens", embed_tokens_);
    for (const char* stack : {"encoder", "decoder"})
      for (const char* layer : {".layers.0.", ".layers.1."}) {
        const std::string prefix = std::string(stack) + layer;
        add_attention(prefix + "self_attn.");
        if (*stack == 'd') add_attention(prefix + "encoder_attn.");
        add_linear(prefix + "fc1", 4, 8);
        add_linear(prefix + "fc2", 8, 4);
      }
    own("output_projection", projection_);
  }
  std::map<std::string, std::string> described() {
    std::map<std::string, std::string> all;
    each_slot([&](const std::string& path, Slot& slot) { all[path] = slot.describe(); });
    return all;
  }

 private:
  void add_linear(const std::string& path, int64_t in, int64_t out) {
    linears_.push_back(std::make_unique<Linear>(LinearConfig{.in = in, .out = out}, 1));
    own(path, *linears_.back());
  }
  void add_attention(const std::string& prefix) {
    for (const char* name : {"q_proj", "k_proj", "v_proj", "out_proj"}) add_linear(prefix + name, 4, 4);
    for (const char* name : {"query", "key", "value", "probs"}) {
      states_.push_back(std::make_unique<QuantSlot>());
      own(prefix + name, *states_.back());
    }
  }
  Embedding embed_tokens_;
  OutputProjection projection_;
  std::vector<std::unique_ptr<Linear>> linears_;
  std::vector<std::unique_ptr<QuantSlot>> states_;
};

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "no error";
}

std::map<std::string, std::string> applied(const std::string& name, const RecipeOptions& options = {}) {
  Skeleton model;
  apply(Recipe::load(name, {recipes()}, options), model);
  return model.described();
}

TEST(ShippedRecipes, AllLoadAndFit) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(recipes())) {
    if (entry.path().extension() != ".yaml") continue;
    const Recipe recipe = Recipe::load(entry.path().stem().string(), {recipes()});
    EXPECT_EQ(recipe.name(), entry.path().stem().string());
    Skeleton model;
    EXPECT_FALSE(apply(recipe, model).empty());
    ++count;
  }
  EXPECT_GE(count, 13);
}

TEST(ShippedRecipes, Tbt228) {
  auto slots = applied("tbt-2-2-8");
  EXPECT_EQ(slots["embed_tokens.weight"], "tbt_weight bits=2");
  EXPECT_EQ(slots["encoder.layers.1.self_attn.q_proj.weight"], "tbt_weight bits=2");
  EXPECT_EQ(slots["encoder.layers.1.self_attn.q_proj.input"], "absmax bits=8 per=token");
  EXPECT_EQ(slots["decoder.layers.0.encoder_attn.value"], "absmax bits=8 per=token");
  EXPECT_EQ(slots["decoder.layers.0.encoder_attn.probs"], "fixed bits=8");
  EXPECT_EQ(slots["decoder.layers.0.fc1.input"], "absmax bits=8 per=token");
  EXPECT_EQ(slots["decoder.layers.0.fc2.input"], "minmax bits=8 per=token shift=-0.16997120748");
  EXPECT_EQ(slots["output_projection.weight"], "tbt_weight bits=8");
  EXPECT_EQ(slots["output_projection.input"], "absmax bits=8 per=token");
  EXPECT_EQ(slots["decoder.layers.0.fc1.output"], "none");
}

TEST(ShippedRecipes, WidthsAndActivationsVary) {
  auto binary = applied("tbt-1-1-1", {.output_bits = {}, .activation = Unary::relu});
  EXPECT_EQ(binary["encoder.layers.0.fc2.weight"], "tbt_weight bits=1");
  EXPECT_EQ(binary["encoder.layers.0.fc1.input"], "elastic bits=1 signed=true");
  EXPECT_EQ(binary["encoder.layers.0.fc2.input"], "elastic bits=1 signed=false shift=0");
  EXPECT_EQ(binary["encoder.layers.0.self_attn.probs"], "elastic bits=1 signed=false");
  EXPECT_EQ(binary["output_projection.weight"], "tbt_weight bits=8");
  auto release = applied("tbt-2-2-2-release");
  EXPECT_EQ(release["encoder.layers.0.fc2.input"], "elastic bits=2 signed=false shift=min");
  EXPECT_EQ(release["output_projection.weight"], "none");
  EXPECT_EQ(applied("tbt-2-2-8-release")["encoder.layers.0.fc1.input"], "absmax bits=8 per=tensor clip=2.5");
}

TEST(ShippedRecipes, OutputBitsByNameOrOption) {
  EXPECT_EQ(applied("tbt-1-1-8-o4")["output_projection.weight"], "tbt_weight bits=4");
  EXPECT_EQ(applied("tbt-1-1-8", {.output_bits = 1})["output_projection.weight"], "tbt_weight bits=1");
  const Recipe recipe = Recipe::load("tbt-2-2-8-o2", {recipes()});
  EXPECT_EQ(recipe.name(), "tbt-2-2-8-o2");
  EXPECT_EQ(recipe.bits().str(), "2-2-8 O2");
  EXPECT_NE(refusal([] { Recipe::load("svcd-o4", {recipes()}); }).find("no rule of svcd says bits=$output"),
            std::string::npos);
}

TEST(ShippedRecipes, SvcdLeavesCrossAttentionInFloat) {
  auto slots = applied("svcd");
  EXPECT_EQ(slots["decoder.layers.1.self_attn.k_proj.weight"], "svcd_weight");
  EXPECT_EQ(slots["decoder.layers.1.self_attn.k_proj.input_scale"], "vector init=uniform");
  EXPECT_EQ(slots["encoder.layers.1.fc2.output"], "svcd_output mode=per_token_int8");
  EXPECT_EQ(slots["decoder.layers.1.encoder_attn.k_proj.weight"], "none");
  EXPECT_EQ(slots["decoder.layers.1.self_attn.key"], "none");
}

TEST(Recipe, TheLastMatchingRuleWins) {
  Skeleton model;
  const auto report = apply(Recipe::parse("name: x\n"
                                          "rules:\n"
                                          "  - \"**.weight\": bwn\n"
                                          "  - \"decoder.**.fc1.weight\": twn\n"
                                          "  - \"decoder.layers.1.*.weight\": none\n",
                                          "x.yaml"),
                            model);
  auto slots = model.described();
  EXPECT_EQ(slots["encoder.layers.0.fc1.weight"], "bwn");
  EXPECT_EQ(slots["decoder.layers.0.fc1.weight"], "twn");
  EXPECT_EQ(slots["decoder.layers.1.fc1.weight"], "none");
  EXPECT_EQ(slots["decoder.layers.1.self_attn.q_proj.weight"], "bwn") << "* stays within one name";
  EXPECT_EQ(slots["decoder.layers.0.fc1.input"], "none");
  EXPECT_EQ(report.front().path, "embed_tokens.weight");
  EXPECT_EQ(report.front().spec, "bwn");
}

TEST(Recipe, ABaseMayStandBesideTheFile) {
  const test::TempDir folder;
  std::ofstream(folder.path("own.yaml")) << "name: own\nrules:\n  - \"embed_tokens.weight\": twn\n";
  std::ofstream(folder.path("mine.yaml")) << "name: mine\nbase: own\n";
  EXPECT_EQ(Recipe::load(folder.path("mine.yaml"), {}).rules().size(), 1u);
}

TEST(Recipe, ARuleMayMatchNothingIfItSaysSo) {
  Skeleton model;
  const auto report = apply(Recipe::parse("name: x\nrules:\n  - \"encoder.no_such.weight (if any)\": bwn\n"
                                          "  - \"embed_tokens.weight (if any)\": twn\n",
                                          "x.yaml"),
                            model);
  ASSERT_EQ(report.size(), 1u);
  EXPECT_EQ(report[0].path, "embed_tokens.weight");
}

TEST(Recipe, RefusalsNameFileAndLine) {
  const auto parse = [](const std::string& text) {
    return refusal([&] {
      Skeleton model;
      apply(Recipe::parse(text, "bad.yaml", {recipes()}), model);
    });
  };
  const auto starts = [](const std::string& message, const std::string& place) {
    return message.find(place) != std::string::npos ? ::testing::AssertionSuccess()
                                                    : ::testing::AssertionFailure() << message;
  };
  EXPECT_TRUE(starts(parse("name: x\nrules:\n  - \"encoder.layers.*.fc3.weight\": bwn\n"),
                     "[bad.yaml:3] no slot of this model matches \"encoder.layers.*.fc3.weight\", the nearest is "
                     "encoder.layers.0.fc1.weight"));
  EXPECT_TRUE(starts(parse("name: x\nrules:\n  - \"**.weight\": bvn\n"), "bad.yaml:3"));
  EXPECT_TRUE(starts(parse("name: x\nrules:\n  - \"**.weight\": bvn\n"), "unknown quantizer bvn, the nearest is bwn"));
  EXPECT_TRUE(starts(parse("name: x\nrules:\n  - \"**.weight\": tbt_weight bits=$wights\n"),
                     "[bad.yaml:3] unknown name $wights, the nearest is $weights"));
  EXPECT_TRUE(starts(parse("name: x\nruels: []\n"), "[bad.yaml:2] unknown key ruels, the nearest is rules"));
  EXPECT_TRUE(starts(parse("name: x\nbits: {weight: 2}\n"), "[bad.yaml:2] unknown key weight, the nearest is weights"));
  EXPECT_TRUE(starts(parse("name: x\nbits: {weights: two}\n"), "[bad.yaml:2] weights must be a number of bits"));
  EXPECT_TRUE(starts(parse("name: x\nrules:\n  - \"{a,b.weight\": bwn\n"), "bad.yaml:3"));
  EXPECT_TRUE(starts(parse("name: x\nrules: [unclosed\n"), "bad.yaml:"));
  EXPECT_TRUE(starts(parse("name: x\nbase: tbt-2-2-9\n"), "[bad.yaml:2] no recipe tbt-2-2-9"));
  EXPECT_TRUE(starts(parse("rules: []\n"), "a recipe needs a name"));
  EXPECT_TRUE(starts(parse("name: x\nrules:\n  - \"**.input_norm\": bwn\n"), "unknown constraint bwn"));
  EXPECT_TRUE(starts(refusal([] { Recipe::load("tbt-2-2-9", {recipes()}); }), "the nearest is tbt-2-2-"));
}

TEST(Glob, StarsAndBraces) {
  EXPECT_TRUE(Glob("**").matches("a.b"));
  EXPECT_FALSE(Glob("*").matches("a.b"));
  EXPECT_TRUE(Glob("a.*.c").matches("a.b.c"));
  EXPECT_FALSE(Glob("a.*.c").matches("a.b.b.c"));
  EXPECT_TRUE(Glob("a.**.c").matches("a.b.b.c"));
  EXPECT_TRUE(Glob("{a,b}.{c,{d,e}f}").matches("b.ef"));
  EXPECT_FALSE(Glob("{a,b}.{c,{d,e}f}").matches("b.e"));
  EXPECT_TRUE(Glob("**.weight").matches("x.weight"));
  EXPECT_FALSE(Glob("**.weight").matches("weight"));
  EXPECT_THROW(Glob("a}"), Error);
}

}  // namespace
}  // namespace lowbit
