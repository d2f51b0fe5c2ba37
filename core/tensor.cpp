#include "core/tensor.h"

#include <algorithm>
#include <cstring>

#include "core/allocator.h"
#include "core/error.h"
#include "core/kernels/elementwise.h"

namespace lowbit {

/// Memory shared by all tensors over it; gives the block back when the last of them goes.
struct Storage {
  Storage(Block owned, Device where) : block(owned), device(where) {}
  ~Storage() { allocator(device).release(block); }
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  Block block;
  Device device;
  uint32_t version = 0;
};

namespace {

/// Calls fn with a value of the C++ type of a floating dtype.
template <class Fn>
void visit_floating(DType dtype, Fn fn) {
  switch (dtype) {
    case DType::f32:
      return fn(float{});
    case DType::f16:
      return fn(f16{});
    case DType::bf16:
      return fn(bf16{});
    case DType::f64:
      return fn(double{});
    default:
      fail(ErrorKind::internal, "tensor", "{} is not a floating type", to_string(dtype));
  }
}

double widen(double x) { return x; }
double widen(float x) { return x; }
double widen(f16 x) { return to_float(x); }
double widen(bf16 x) { return to_float(x); }

}  // namespace

Tensor Tensor::empty(const Shape& shape, DType dtype, Device device) {
  Tensor t;
  const size_t bytes = static_cast<size_t>(shape.numel()) * size_of(dtype);
  t.storage_ = std::make_shared<Storage>(allocator(device).allocate(bytes), device);
  t.shape_ = shape;
  t.dtype_ = dtype;
  return t;
}

Tensor Tensor::zeros(const Shape& shape, DType dtype, Device device) {
  Tensor t = empty(shape, dtype, device);
  t.fill_zero();
  return t;
}

template <class T>
Tensor Tensor::from(const Shape& shape, const std::vector<T>& values) {
  LB_CHECK(static_cast<int64_t>(values.size()) == shape.numel(), "tensor", "{} values do not fill {}", values.size(),
           shape.str());
  Tensor t = empty(shape, dtype_of<T>);
  std::copy(values.begin(), values.end(), t.mutable_data<T>());
  return t;
}

Tensor Tensor::scalar(float value) { return from(Shape{}, std::vector<float>{value}); }

Device Tensor::device() const { return storage_ ? storage_->device : Device{}; }

template <class T>
const T* Tensor::data() const {
  LB_CHECK(dtype_ == dtype_of<T>, "tensor", "read as {} but holds {}", to_string(dtype_of<T>), to_string(dtype_));
  return static_cast<const T*>(raw());
}

template <class T>
T* Tensor::mutable_data() {
  LB_CHECK(dtype_ == dtype_of<T>, "tensor", "written as {} but holds {}", to_string(dtype_of<T>), to_string(dtype_));
  return static_cast<T*>(mutable_raw());
}

const void* Tensor::raw() const {
  LB_CHECK(defined(), "tensor", "an undefined tensor has no data");
  return static_cast<const std::byte*>(storage_->block.ptr) + static_cast<size_t>(offset_) * size_of(dtype_);
}

void* Tensor::mutable_raw() {
  LB_CHECK(defined(), "tensor", "an undefined tensor has no data");
  ++storage_->version;
  return static_cast<std::byte*>(storage_->block.ptr) + static_cast<size_t>(offset_) * size_of(dtype_);
}

uint32_t Tensor::version() const { return storage_ ? storage_->version : 0; }

Tensor Tensor::reshape(const Shape& shape) const {
  LB_CHECK(shape.numel() == numel(), "reshape", "{} cannot be viewed as {}", shape_.str(), shape.str());
  Tensor t = *this;
  t.shape_ = shape;
  return t;
}

Tensor Tensor::rows(int64_t begin, int64_t end) const {
  LB_CHECK(shape_.rank() > 0 && 0 <= begin && begin <= end && end <= shape_[0], "rows", "[{}, {}) is outside {}", begin,
           end, shape_.str());
  std::array<int64_t, Shape::kMaxRank> dims{};
  int64_t stride = 1;
  for (int i = 0; i < shape_.rank(); ++i) dims[static_cast<size_t>(i)] = shape_[i];
  for (int i = 1; i < shape_.rank(); ++i) stride *= shape_[i];
  dims[0] = end - begin;
  Tensor t = *this;
  t.shape_ = Shape(std::span<const int64_t>(dims.data(), static_cast<size_t>(shape_.rank())));
  t.offset_ += begin * stride;
  return t;
}

Tensor Tensor::clone() const {
  if (!defined()) return {};
  Tensor t = empty(shape_, dtype_, device());
  t.copy_from(*this);
  return t;
}

Tensor Tensor::to(DType dtype) const {
  if (dtype == dtype_) return *this;
  LB_CHECK(is_floating(dtype_) && is_floating(dtype), "cast", "between floating types, not {} to {}", to_string(dtype_),
           to_string(dtype));
  Tensor t = empty(shape_, dtype, device());
  elementwise_kernels(device(), dtype_ == DType::f64 ? dtype_ : dtype)
      .cast(current_stream(device()), {raw(), dtype_, t.mutable_raw(), dtype, numel()});
  return t;
}

void Tensor::copy_from(const Tensor& source) {
  LB_CHECK(source.shape_ == shape_ && source.dtype_ == dtype_, "copy", "{} {} cannot be copied into {} {}",
           to_string(source.dtype_), source.shape_.str(), to_string(dtype_), shape_.str());
  std::memcpy(mutable_raw(), source.raw(), bytes());
}

void Tensor::fill_zero() { std::memset(mutable_raw(), 0, bytes()); }

double Tensor::item() const {
  LB_CHECK(numel() == 1, "item", "{} has {} elements, not one", shape_.str(), numel());
  double value = 0;
  visit_floating(dtype_, [&](auto type) { value = widen(*data<decltype(type)>()); });
  return value;
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  const T* begin = data<T>();
  return {begin, begin + numel()};
}

#define LB_INSTANTIATE(T)                                            \
  template Tensor Tensor::from(const Shape&, const std::vector<T>&); \
  template const T* Tensor::data<T>() const;                         \
  template T* Tensor::mutable_data<T>();                             \
  template std::vector<T> Tensor::to_vector<T>() const;
LB_INSTANTIATE(float)
LB_INSTANTIATE(double)
LB_INSTANTIATE(f16)
LB_INSTANTIATE(bf16)
LB_INSTANTIATE(int8_t)
LB_INSTANTIATE(int32_t)
LB_INSTANTIATE(int64_t)
LB_INSTANTIATE(uint8_t)
#undef LB_INSTANTIATE

}  // namespace lowbit
