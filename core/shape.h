#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace lowbit {

/// Extents of a dense tensor: rank 0 (scalar) to 6, no heap. Negative axes count from the end.
class Shape {
 public:
  static constexpr int kMaxRank = 6;

  Shape() = default;
  Shape(std::initializer_list<int64_t> dims);
  explicit Shape(std::span<const int64_t> dims);

  int rank() const { return rank_; }
  int64_t operator[](int axis) const;
  int64_t numel() const;
  /// Product of all extents but the last; 1 for rank 0 and 1. With last(), the view of a tensor as a matrix.
  int64_t rows() const;
  int64_t last() const { return rank_ == 0 ? 1 : dims_[static_cast<size_t>(rank_ - 1)]; }
  /// The same shape with the last extent replaced.
  Shape with_last(int64_t extent) const;
  /// The shape with one more axis at the end.
  Shape appended(int64_t extent) const;
  /// "[2, 3]".
  std::string str() const;
  bool operator==(const Shape&) const = default;

 private:
  std::array<int64_t, kMaxRank> dims_{};
  int rank_ = 0;
};

}  // namespace lowbit
