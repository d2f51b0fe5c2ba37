#include "core/ops/copy.h"

#include <cstring>

#include "core/error.h"

namespace lowbit::ops {
namespace {

/// Product of the extents in [begin, end).
int64_t extent(const Shape& shape, int begin, int end) {
  int64_t product = 1;
  for (int i = begin; i < end; ++i) product *= shape[i];
  return product;
}

Shape with_extent(const Shape& shape, int axis, int64_t extent) {
  std::vector<int64_t> dims;
  dims.reserve(static_cast<size_t>(shape.rank()));
  for (int i = 0; i < shape.rank(); ++i) dims.push_back(i == axis ? extent : shape[i]);
  return Shape(std::span<const int64_t>(dims));
}

/// Calls fn(byte of the whole, byte of the part, bytes) for every run of [begin, begin + part extent) of an axis.
template <class Fn>
void for_each_run(const Tensor& whole, int axis, int64_t begin, const Shape& part, Fn fn) {
  const Shape& shape = whole.shape();
  LB_CHECK(axis >= 0 && axis < shape.rank() && part.rank() == shape.rank() &&
               with_extent(part, axis, 0) == with_extent(shape, axis, 0) && begin >= 0 &&
               begin + part[axis] <= shape[axis],
           "narrow", "{} from {} on along axis {} is not a part of {}", part.str(), begin, axis, shape.str());
  const size_t inner = static_cast<size_t>(extent(shape, axis + 1, shape.rank())) * size_of(whole.dtype());
  const size_t stride = static_cast<size_t>(shape[axis]) * inner, bytes = static_cast<size_t>(part[axis]) * inner;
  const auto outer = static_cast<size_t>(extent(shape, 0, axis));
  for (size_t o = 0; o < outer; ++o) fn(o * stride + static_cast<size_t>(begin) * inner, o * bytes, bytes);
}

}  // namespace

Tensor concat(const std::vector<Tensor>& parts, int axis) {
  LB_CHECK(!parts.empty(), "concat", "nothing to join");
  const Tensor& first = parts.front();
  const int rank = first.shape().rank();
  LB_CHECK(axis >= 0 && axis < rank, "concat", "axis {} does not exist in {}", axis, first.shape().str());
  int64_t joined = 0;
  for (const Tensor& part : parts) {
    const bool fits = part.dtype() == first.dtype() && part.shape().rank() == rank &&
                      with_extent(part.shape(), axis, 0) == with_extent(first.shape(), axis, 0);
    LB_CHECK(fits, "concat", "{} {} cannot be joined with {} {} along axis {}", to_string(part.dtype()),
             part.shape().str(), to_string(first.dtype()), first.shape().str(), axis);
    joined += part.shape()[axis];
  }
  Tensor y = Tensor::empty(with_extent(first.shape(), axis, joined), first.dtype(), first.device());
  int64_t at = 0;
  for (const Tensor& part : parts) {
    write_narrow(y, axis, at, part);
    at += part.shape()[axis];
  }
  return y;
}

Tensor narrow(const Tensor& x, int axis, int64_t begin, int64_t end) {
  Tensor y = Tensor::empty(with_extent(x.shape(), axis, end - begin), x.dtype(), x.device());
  const auto* from = static_cast<const std::byte*>(x.raw());
  auto* to = static_cast<std::byte*>(y.mutable_raw());
  for_each_run(x, axis, begin, y.shape(),
               [&](size_t whole, size_t part, size_t bytes) { std::memcpy(to + part, from + whole, bytes); });
  return y;
}

void write_narrow(Tensor& y, int axis, int64_t begin, const Tensor& part) {
  LB_CHECK(part.dtype() == y.dtype(), "narrow", "{} cannot be written into {}", to_string(part.dtype()),
           to_string(y.dtype()));
  const auto* from = static_cast<const std::byte*>(part.raw());
  auto* to = static_cast<std::byte*>(y.mutable_raw());
  for_each_run(y, axis, begin, part.shape(),
               [&](size_t whole, size_t piece, size_t bytes) { std::memcpy(to + whole, from + piece, bytes); });
}

Tensor index_select(const Tensor& x, const std::vector<int32_t>& rows) {
  LB_CHECK(x.shape().rank() > 0, "index_select", "a scalar has no rows");
  Tensor y = Tensor::empty(with_extent(x.shape(), 0, static_cast<int64_t>(rows.size())), x.dtype(), x.device());
  const size_t bytes = static_cast<size_t>(extent(x.shape(), 1, x.shape().rank())) * size_of(x.dtype());
  auto* to = static_cast<std::byte*>(y.mutable_raw());
  for (const int32_t row : rows) {
    LB_CHECK(row >= 0 && row < x.shape()[0], "index_select", "row {} is outside {}", row, x.shape().str());
    std::memcpy(to, static_cast<const std::byte*>(x.raw()) + static_cast<size_t>(row) * bytes, bytes);
    to += bytes;
  }
  return y;
}

}  // namespace lowbit::ops
