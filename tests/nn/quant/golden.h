#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace lowbit::testing {

/// One case of tests/golden/golden_quant.json, which gen_golden_quant.py beside it writes with a scalar reverse-mode
/// engine of its own.
inline const nlohmann::json& golden_case(const std::string& id) {
  static const nlohmann::json file =
      nlohmann::json::parse(std::ifstream(std::string(LB_TEST_DIR) + "/golden/golden_quant.json"));
  for (const auto& entry : file.at("cases"))
    if (entry.at("id") == id) return entry;
  throw std::runtime_error("no golden case " + id);
}

/// Nested lists, or a number, to an f32 tensor.
inline Tensor to_tensor(const nlohmann::json& value) {
  std::vector<int64_t> extents;
  for (const nlohmann::json* level = &value; level->is_array(); level = &level->front())
    extents.push_back(static_cast<int64_t>(level->size()));
  std::vector<float> flat;
  for (const auto& leaf : value.is_array() ? value.flatten() : nlohmann::json{value}) flat.push_back(leaf.get<float>());
  if (extents.empty()) extents.push_back(1);
  return Tensor::from(Shape(std::span<const int64_t>(extents)), flat);
}

/// The file's own tolerance for f32: |a - b| <= atol + rtol |b|.
inline ::testing::AssertionResult near(const Tensor& actual, const nlohmann::json& expected, double rtol = 1e-5,
                                       double atol = 1e-6) {
  const std::vector<float> a = actual.to_vector<float>(), b = to_tensor(expected).to_vector<float>();
  if (a.size() != b.size()) return ::testing::AssertionFailure() << a.size() << " elements, not " << b.size();
  for (size_t i = 0; i < a.size(); ++i)
    if (!(std::abs(a[i] - b[i]) <= atol + rtol * std::abs(b[i])))
      return ::testing::AssertionFailure() << "element " << i << ": " << a[i] << ", golden " << b[i];
  return ::testing::AssertionSuccess();
}

}  // namespace lowbit::testing
