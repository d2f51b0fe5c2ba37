#pragma once

#include <optional>

#include "core/tensor.h"

namespace lowbit::ops {

/// How layers multiply f32 matrices. A property of the thread, f32 unless a scope says otherwise.
enum class MatmulPrecision : uint8_t {
  f32,   ///< as they are (float32_matmul_precision "highest" of PyTorch)
  bf16,  ///< rounded to bf16 and summed in f32 ("medium")
  int8,  ///< bf16, and layers with codes of weight and input take both gradients from those and from int8 codes of the
         ///< gradient of their output, rounded stochastically (the integer backward of AQT)
};
MatmulPrecision matmul_precision();
class MatmulPrecisionScope {
 public:
  explicit MatmulPrecisionScope(MatmulPrecision precision);
  ~MatmulPrecisionScope();
  MatmulPrecisionScope(const MatmulPrecisionScope&) = delete;
  MatmulPrecisionScope& operator=(const MatmulPrecisionScope&) = delete;

 private:
  MatmulPrecision outer_;
};
/// The type in which a layer multiplies matrices of type `dtype`: bf16 for f32 under MatmulPrecision::bf16 and int8,
/// else itself.
DType operand_type(DType dtype);

struct MatmulOptions {
  bool transpose_a = false, transpose_b = false;
  Tensor bias = {};                  ///< [N] of the compute type, added to every row; absent when undefined
  std::optional<DType> result = {};  ///< unless that of the operands; f32 for half operands
};

/// op(a) op(b) of two matrices of one floating type; leading axes of a and b are flattened into rows.
///   op(a) [M, K]   op(b) [K, N]    returns [M, N], or [..., N] with the leading axes of an a that is not transposed
/// Half types accumulate in f32 and round once. Errors: inner extents, dtypes, bias shape and type.
Tensor matmul(const Tensor& a, const Tensor& b, const MatmulOptions& options = {});
/// c += op(a) op(b), in place; no bias.
void matmul_add_(Tensor& c, const Tensor& a, const Tensor& b, const MatmulOptions& options = {});

}  // namespace lowbit::ops
