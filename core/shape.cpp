#include "core/shape.h"

#include "core/error.h"

namespace lowbit {

Shape::Shape(std::initializer_list<int64_t> dims) : Shape(std::span(dims.begin(), dims.size())) {}

Shape::Shape(std::span<const int64_t> dims) : rank_(static_cast<int>(dims.size())) {
  LB_CHECK(rank_ <= kMaxRank, "shape", "rank must be at most {}, not {}", int{kMaxRank}, rank_);
  for (size_t i = 0; i < dims.size(); ++i) {
    LB_CHECK(dims[i] >= 0, "shape", "extent {} of axis {} is negative", dims[i], i);
    dims_[i] = dims[i];
  }
}

int64_t Shape::operator[](int axis) const {
  const int index = axis < 0 ? axis + rank_ : axis;
  LB_CHECK(index >= 0 && index < rank_, "shape", "axis {} does not exist in {}", axis, str());
  return dims_[static_cast<size_t>(index)];
}

int64_t Shape::numel() const {
  int64_t product = 1;
  for (int i = 0; i < rank_; ++i) product *= dims_[static_cast<size_t>(i)];
  return product;
}

int64_t Shape::rows() const {
  int64_t product = 1;
  for (int i = 0; i + 1 < rank_; ++i) product *= dims_[static_cast<size_t>(i)];
  return product;
}

Shape Shape::with_last(int64_t extent) const {
  LB_CHECK(rank_ > 0, "shape", "a scalar has no last axis");
  Shape result = *this;
  result.dims_[static_cast<size_t>(rank_ - 1)] = extent;
  return result;
}

Shape Shape::appended(int64_t extent) const {
  LB_CHECK(rank_ < kMaxRank && extent >= 0, "shape", "an axis of extent {} cannot be added to {}", extent, str());
  Shape result = *this;
  result.dims_[static_cast<size_t>(result.rank_++)] = extent;
  return result;
}

std::string Shape::str() const {
  std::string text = "[";
  for (int i = 0; i < rank_; ++i) text += fmt::format("{}{}", i ? ", " : "", dims_[static_cast<size_t>(i)]);
  return text + "]";
}

}  // namespace lowbit
