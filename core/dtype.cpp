#include "core/dtype.h"

#include <array>

namespace lowbit {
namespace {

struct Row {
  std::string_view name;
  size_t bytes;
};
constexpr std::array<Row, 8> kRows = {
    {{"f32", 4}, {"f16", 2}, {"bf16", 2}, {"f64", 8}, {"i8", 1}, {"i32", 4}, {"i64", 8}, {"u8", 1}}};

}  // namespace

std::string_view to_string(DType dtype) { return kRows[static_cast<size_t>(dtype)].name; }
size_t size_of(DType dtype) { return kRows[static_cast<size_t>(dtype)].bytes; }

}  // namespace lowbit
