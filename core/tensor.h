#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/device.h"
#include "core/dtype.h"
#include "core/shape.h"

namespace lowbit {

struct Storage;

/// Dense, row-major array. A value type: copies share storage, and a default-constructed Tensor holds nothing.
///
/// Invariants:  bytes of storage >= (offset + numel) * size_of(dtype)
///              version() grows with every mutable_data(), for all tensors that share the storage
class Tensor {
 public:
  Tensor() = default;
  /// Contents undefined.
  static Tensor empty(const Shape& shape, DType dtype = DType::f32, Device device = {});
  static Tensor zeros(const Shape& shape, DType dtype = DType::f32, Device device = {});
  /// CPU tensor holding a copy of `values`; their number must be shape.numel().
  template <class T>
  static Tensor from(const Shape& shape, const std::vector<T>& values);
  /// Rank 0 f32 on the CPU.
  static Tensor scalar(float value);

  bool defined() const { return storage_ != nullptr; }
  /// Whether no other tensor shares the storage: then nobody sees what is written to it.
  bool unique() const { return storage_.use_count() == 1; }
  const Shape& shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  Device device() const;
  int64_t numel() const { return shape_.numel(); }
  size_t bytes() const { return static_cast<size_t>(numel()) * size_of(dtype_); }

  /// Error unless T is the type of the elements.
  template <class T>
  const T* data() const;
  /// The one way to write. Bumps version().
  template <class T>
  T* mutable_data();
  const void* raw() const;
  void* mutable_raw();
  uint32_t version() const;

  /// Shares storage; the number of elements must agree.
  Tensor reshape(const Shape& shape) const;
  /// Rows [begin, end) of the leading axis; shares storage.
  Tensor rows(int64_t begin, int64_t end) const;
  Tensor clone() const;
  /// A copy in another floating type, rounded to nearest even; this tensor itself when it has that type.
  Tensor to(DType dtype) const;
  void copy_from(const Tensor& source);
  void fill_zero();

  /// The only element of a tensor of any floating type.
  double item() const;
  /// Elements as a vector (tests, reports).
  template <class T>
  std::vector<T> to_vector() const;

 private:
  std::shared_ptr<Storage> storage_;
  Shape shape_;
  int64_t offset_ = 0;
  DType dtype_ = DType::f32;
};

}  // namespace lowbit
