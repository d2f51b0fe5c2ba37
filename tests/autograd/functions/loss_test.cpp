#include "autograd/functions/loss.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "autograd/functions/elementwise.h"
#include "core/ops/loss.h"
#include "core/random.h"
#include "tests/support/gradcheck.h"

namespace lowbit {
namespace {

using testing::gradcheck;

Tensor f64(const Shape& shape, uint64_t seed) { return random_uniform(shape, -2, 2, seed, DType::f64); }

/// Straight from the definition, in f64.
double brute_cross_entropy(const std::vector<double>& z, size_t target, double smoothing) {
  double sum = 0, all = 0;
  for (const double v : z) sum += std::exp(v);
  for (const double v : z) all += std::log(sum) - v;
  const double each = smoothing / static_cast<double>(z.size() - 1);
  return (1 - smoothing - each) * (std::log(sum) - z[target]) + each * all;
}

TEST(CrossEntropy, EqualsTheDefinitionAndSkipsIgnoredRows) {
  const Tensor logits = f64({3, 5}, 1);
  const Tensor targets = Tensor::from<int32_t>(Shape{3}, {4, -1, 0});
  for (const double smoothing : {0.0, 0.1}) {
    double expected = 0;
    for (const int row : {0, 2}) {
      const double* z = logits.data<double>() + row * 5;
      expected += brute_cross_entropy({z, z + 5}, row == 0 ? 4 : 0, smoothing);
    }
    CrossEntropyStats stats;
    EXPECT_NEAR(cross_entropy(Variable(logits), targets, smoothing, -1, &stats).value().item(), expected, 1e-12);
    EXPECT_EQ(stats.tokens, 2);
  }
}

TEST(CrossEntropy, SurvivesLargeLogits) {
  const Tensor logits = Tensor::from<float>(Shape{1, 3}, {1e4f, -1e4f, 0});
  EXPECT_NEAR(cross_entropy(Variable(logits), Tensor::from<int32_t>(Shape{1}, {1}), 0, -1).value().item(), 2e4, 1e-2);
}

TEST(CrossEntropy, TheGradientTakesThePlaceOfLogitsThatNobodyElseHolds) {
  const Tensor made = random_uniform(Shape{3, 300}, -2, 2, 1), teacher = random_uniform(Shape{3, 300}, -2, 2, 2);
  const Tensor targets = Tensor::from<int32_t>(Shape{3}, {4, -1, 299}),
               mask = Tensor::from<uint8_t>(Shape{3}, {1, 0, 1});
  const ops::CrossEntropyResult hard = ops::cross_entropy(made, targets, 0.1, -1);
  const ops::SoftCrossEntropyResult soft = ops::soft_cross_entropy(made, teacher, mask, 2);
  const auto compare = [&](const auto& backward) {
    const Tensor fresh = backward(made);
    EXPECT_NE(fresh.raw(), made.raw());
    Tensor own = made.clone();
    const void* place = own.raw();
    const Tensor over = backward(std::move(own));
    EXPECT_EQ(over.raw(), place);
    EXPECT_EQ(over.to_vector<float>(), fresh.to_vector<float>());
  };
  compare([&](Tensor x) { return ops::cross_entropy_backward(std::move(x), targets, 0.1, -1, hard.lse, 1.5); });
  compare([&](Tensor x) { return ops::soft_cross_entropy_backward(std::move(x), teacher, mask, 2, soft, 1.5); });
  // The tape gives up its handle; a leaf keeps its own.
  Variable leaf(made, true), again(made.clone(), true);
  cross_entropy(leaf, targets, 0.1, -1).backward();
  cross_entropy(scale(again, 1), targets, 0.1, -1).backward();
  EXPECT_EQ(leaf.value().to_vector<float>(), again.value().to_vector<float>());
  EXPECT_EQ(leaf.grad().to_vector<float>(), again.grad().to_vector<float>());
}

TEST(CrossEntropy, RefusesTargetsOutsideTheVocabulary) {
  const Variable logits(Tensor::zeros({1, 3}));
  EXPECT_THROW(cross_entropy(logits, Tensor::from<int32_t>(Shape{1}, {3}), 0, -1), Error);
}

/// Worked cases of tests/golden/make_quant.py (an independent scalar engine).
nlohmann::json worked_case(const std::string& id) {
  std::ifstream file(std::string(LB_TEST_DIR) + "/golden/golden_quant.json");
  const nlohmann::json golden = nlohmann::json::parse(file);
  for (const auto& c : golden.at("cases"))
    if (c.at("id") == id) return c;
  throw std::runtime_error("no case " + id);
}

/// Nested lists of rows as one f64 matrix.
Tensor matrix(const nlohmann::json& rows) {
  std::vector<double> values;
  const auto flatten = [&values](const auto& self, const nlohmann::json& node) -> void {
    if (node.is_array())
      for (const auto& child : node) self(self, child);
    else
      values.push_back(node.get<double>());
  };
  flatten(flatten, rows);
  const auto* leaf = &rows;
  while (leaf->front().is_array()) leaf = &leaf->front();
  const auto cols = static_cast<int64_t>(leaf->size());
  return Tensor::from(Shape{static_cast<int64_t>(values.size()) / cols, cols}, values);
}

void expect_near(const Tensor& actual, const Tensor& expected) {
  ASSERT_EQ(actual.numel(), expected.numel());
  for (int64_t i = 0; i < actual.numel(); ++i)
    EXPECT_NEAR(actual.data<double>()[i], expected.data<double>()[i], 1e-9) << "element " << i;
}

TEST(WorkedCases, LabelSmoothedCrossEntropy) {
  const auto c = worked_case("label_smoothed_ce");
  Variable logits(matrix(c["inputs"]["logits"]), true);
  const Tensor targets = Tensor::from(Shape{3}, c["inputs"]["target"].get<std::vector<int32_t>>());
  const Variable loss = cross_entropy(logits, targets, c["params"]["epsilon"], c["params"]["pad_index"]);
  EXPECT_NEAR(loss.value().item(), c["outputs"]["loss"].get<double>(), 1e-8);
  loss.backward();
  expect_near(logits.grad(), matrix(c["grads"]["logits"]));
}

TEST(WorkedCases, SoftCrossEntropyIsTheMeanOverPositions) {
  const auto c = worked_case("kd_logits_ce");
  Variable student(matrix(c["inputs"]["student"]), true);
  const Tensor everything = Tensor::from<uint8_t>(Shape{2}, {1, 1});
  const Variable sum = soft_cross_entropy(student, matrix(c["inputs"]["teacher"]), everything, 1);
  EXPECT_NEAR(sum.value().item() / 2, c["outputs"]["loss"].get<double>(), 1e-8);
  sum.backward(Tensor::from<double>(Shape{}, {0.5}));
  expect_near(student.grad(), matrix(c["grads"]["student"]));
}

TEST(WorkedCases, HiddenStateError) {
  const auto c = worked_case("tbt_hidden_mse");
  Variable student(matrix(c["inputs"]["student"]), true);
  const Tensor everything = Tensor::from<uint8_t>(Shape{4}, {1, 1, 1, 1});
  const Variable sum = masked_squared_error(student, matrix(c["inputs"]["teacher"]), everything);
  EXPECT_NEAR(sum.value().item() / 8, c["outputs"]["mse_mean"].get<double>(), 1e-12);
  sum.backward(Tensor::from<double>(Shape{}, {3.0 / 8}));  // the case adds the batch-sum term: 1 + 2 means
  expect_near(student.grad(), matrix(c["grads"]["student"]));
}

TEST(LossGradients, FiniteDifferences) {
  const Tensor targets = Tensor::from<int32_t>(Shape{4}, {1, 6, -1, 0});
  const Tensor mask = Tensor::from<uint8_t>(Shape{4}, {1, 0, 1, 1});
  const Tensor teacher = f64({4, 7}, 9);
  EXPECT_TRUE(gradcheck([&](const auto& v) { return cross_entropy(v[0], targets, 0, -1); }, {f64({4, 7}, 1)}));
  EXPECT_TRUE(gradcheck([&](const auto& v) { return cross_entropy(v[0], targets, 0.1, -1); }, {f64({4, 7}, 2)}));
  for (const double t : {1.0, 2.5})
    EXPECT_TRUE(gradcheck([&](const auto& v) { return soft_cross_entropy(v[0], teacher, mask, t); }, {f64({4, 7}, 3)}));
  EXPECT_TRUE(gradcheck([&](const auto& v) { return masked_squared_error(v[0], teacher, mask); }, {f64({4, 7}, 4)}));
}

TEST(SoftCrossEntropy, OfItselfIsTheEntropyAndAClassWithoutProbabilityCountsNothing) {
  const Tensor teacher = Tensor::from<float>(Shape{1, 3}, {0, 0, -INFINITY});
  const Tensor mask = Tensor::from<uint8_t>(Shape{1}, {1});
  Variable student(Tensor::from<float>(Shape{1, 3}, {1, 1, -INFINITY}), true);
  const Variable loss = soft_cross_entropy(student, teacher, mask, 1);
  EXPECT_NEAR(loss.value().item(), std::log(2.0), 1e-6);
  loss.backward();
  for (const float g : student.grad().to_vector<float>()) EXPECT_NEAR(g, 0, 1e-6);
}

}  // namespace
}  // namespace lowbit
