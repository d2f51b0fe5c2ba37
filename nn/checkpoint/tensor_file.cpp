#include "nn/checkpoint/tensor_file.h"

#include <cstring>

#include "core/error.h"

namespace lowbit {
namespace {

/// Bytes from the start of the tensor to its element at `index` in row-major order.
int64_t place_of(const StoredTensor& tensor, int64_t index) {
  const auto width = static_cast<int64_t>(size_of(tensor.dtype));
  if (tensor.strides.empty()) return index * width;
  int64_t place = 0;
  for (int axis = tensor.shape.rank(); axis-- > 0;) {
    place += index % tensor.shape[axis] * tensor.strides[static_cast<size_t>(axis)];
    index /= tensor.shape[axis];
  }
  return place * width;
}

/// Elements [first, first + count), at no particular alignment, as floats.
template <class T>
void convert(const StoredTensor& tensor, int64_t first, int64_t count, float* out) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, tensor.bytes.data() + place_of(tensor, first + i), sizeof(T));
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>)
      out[i] = static_cast<float>(value);
    else
      out[i] = to_float(value);
  }
}

}  // namespace

void read_rows_as_f32(const StoredTensor& entry, int64_t first, int64_t count, float* out) {
  const int64_t rows = entry.shape.rank() > 0 ? entry.shape[0] : 1;
  const int64_t row = rows > 0 ? entry.shape.numel() / rows : 0;
  LB_CHECK(first >= 0 && count >= 0 && first + count <= rows, "import", "rows [{}, {}) of {}", first, first + count,
           entry.shape.str());
  const int64_t begin = first * row, elements = count * row;
  if (elements == 0) return;
  switch (entry.dtype) {
    case DType::f32:
      if (!entry.strides.empty()) return convert<float>(entry, begin, elements, out);
      std::memcpy(out, entry.bytes.data() + place_of(entry, begin), static_cast<size_t>(elements) * sizeof(float));
      return;
    case DType::f16:
      return convert<f16>(entry, begin, elements, out);
    case DType::bf16:
      return convert<bf16>(entry, begin, elements, out);
    case DType::f64:
      return convert<double>(entry, begin, elements, out);
    default:
      fail(ErrorKind::internal, "import", "{} is no floating type", to_string(entry.dtype));
  }
}

bool same_bits(const StoredTensor& a, const StoredTensor& b) {
  if (a.dtype != b.dtype || a.shape != b.shape) return false;
  if (a.strides == b.strides) {
    if (a.bytes.data() == b.bytes.data()) return true;
    if (a.strides.empty()) return std::memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) == 0;
  }
  const size_t width = size_of(a.dtype);
  for (int64_t i = 0; i < a.shape.numel(); ++i)
    if (std::memcmp(a.bytes.data() + place_of(a, i), b.bytes.data() + place_of(b, i), width) != 0) return false;
  return true;
}

}  // namespace lowbit
