#include "nn/module_state.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/toy_module.h"

namespace lowbit {
namespace {

using test::expect_error;
using test::ToyModule;

std::vector<float> weight(const ToyModule& toy) { return toy.weight.value.value().to_vector<float>(); }

TEST(ModuleState, HoldsEachTensorOnce) {
  ToyModule toy;
  const StateDict state = module_state(toy);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : state.tensors) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"alpha", "bias", "frozen", "weight"}));
  EXPECT_EQ(state.tensors.at("weight").to_vector<float>(), weight(toy));
}

TEST(ModuleState, ComesBackInPlace) {
  ToyModule from, to;
  from.weight.value.mutable_value().mutable_data<float>()[3] = 42;
  const void* address = to.weight.value.value().raw();
  load_module_state(to, module_state(from));
  EXPECT_EQ(weight(to), weight(from));
  EXPECT_EQ(to.weight.value.value().raw(), address);
  EXPECT_EQ(to.tied.value.value().raw(), address);
}

TEST(ModuleState, AnotherModelsStateChangesNothing) {
  ToyModule toy;
  const auto before = weight(toy);
  StateDict good;
  for (const auto& [name, tensor] : module_state(toy).tensors) good.tensors[name] = Tensor::zeros(tensor.shape());
  StateDict bad = good;
  bad.tensors.erase("weight");
  expect_error(ErrorKind::model, {"no tensor weight"}, [&] { load_module_state(toy, bad); });
  bad = good;
  bad.tensors["weight"] = Tensor::zeros({3, 4});
  expect_error(ErrorKind::model, {"weight", "[3, 4]", "[4, 3]"}, [&] { load_module_state(toy, bad); });
  bad = good;
  bad.tensors["weight"] = Tensor::zeros({4, 3}, DType::f16);
  expect_error(ErrorKind::model, {"weight", "f16", "f32"}, [&] { load_module_state(toy, bad); });
  bad = good;
  bad.tensors["extra"] = Tensor::zeros({1});
  expect_error(ErrorKind::model, {"5 tensors", "4 are needed"}, [&] { load_module_state(toy, bad); });
  EXPECT_EQ(weight(toy), before);
}

}  // namespace
}  // namespace lowbit
