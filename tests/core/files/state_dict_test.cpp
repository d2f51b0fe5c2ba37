#include "core/files/state_dict.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

StateDict two_tensors() {
  StateDict state;
  state.tensors.emplace("a", Tensor::from({2}, std::vector<float>{0.0f, 1.0f}));
  state.tensors.emplace("b", Tensor::from({1}, std::vector<int32_t>{3}));
  return state;
}

TEST(CheckReadBack, NamesTheFirstTensorThatDiffers) {
  EXPECT_NO_THROW(check_read_back(two_tensors(), two_tensors()));
  const auto refused = [](const StateDict& read, const char* part) {
    test::expect_error(ErrorKind::self_check, {part}, [&] { check_read_back(two_tensors(), read); });
  };
  StateDict read = two_tensors();
  read.tensors.at("a") = Tensor::from({2}, std::vector<float>{-0.0f, 1.0f});  // equal as numbers
  refused(read, "a reads back differently");
  read = two_tensors();
  read.tensors.at("b") = Tensor::from({1}, std::vector<float>{3.0f});
  refused(read, "b reads back differently");
  read.tensors.erase("b");
  refused(read, "b reads back differently");
  read = two_tensors();
  read.tensors.emplace("c", Tensor::from({1}, std::vector<float>{3.0f}));
  refused(read, "2 tensors written, 3 read back");
}

}  // namespace
}  // namespace lowbit
