#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autograd/variable.h"
#include "core/quant/qtensor.h"
#include "nn/parameter.h"

namespace lowbit {

/// What a quantizer makes of a tensor, and what its backward needs: codes and bits, never a second float copy.
struct Encoded {
  QTensor q;
  Saved pass;  ///< u8 bit mask, bit i%8 of byte i/8 for element i: 1 = the straight-through gradient passes; undefined
               ///< = all pass
  Saved x;     ///< the input itself, kept only by quantizers with a learned scale
  Tensor counts;  ///< i64 [3], indexed by ops::QuantCount: zero groups, clamped elements, non-finite inputs
};

/// Gradients of one quantizer: of its input, and of its parameters in their order.
struct QuantizerGrads {
  Tensor dx;
  std::vector<Tensor> parameters;
};

/// One method from a paper at one place of a model: code book x scale rule x gradient rule. May own learned parameters.
/// Contract (every implementation, tested in nn/quant/contract_test):
///   - scale arithmetic in f32 with reciprocals; nothing of magnitude levels * |x| is ever stored
///   - a group of zeros has scale 0 and gives exact zeros, where the scale is a statistic without a constant shift;
///     sign(0) is +1 except where a recipe asks for the paper's 0
///   - codes do not depend on the target or the number of threads
class Quantizer {
 public:
  virtual ~Quantizer() = default;

  /// f32 [..., N] -> codes. dequantize(encode(x).q) is the fake-quantized tensor, bit for bit.
  virtual Encoded encode(const Tensor& x) const = 0;
  /// Straight-through gradient given the gradient of the quantized values.
  virtual QuantizerGrads backward(const Encoded& encoded, const Tensor& dq) const = 0;
  /// Whether backward() gives dq itself and nothing else.
  virtual bool passes_all(const Encoded& encoded) const = 0;

  virtual CodeBook book() const = 0;
  virtual Granularity granularity() const = 0;
  /// One recipe line that rebuilds it.
  virtual std::string describe() const = 0;
  /// Learned scales; empty for statistics-based methods.
  virtual std::vector<Parameter*> parameters() { return {}; }
  /// First-batch initialisation of learned scales; does nothing when calibrated or stateless.
  virtual void calibrate(const Tensor& x) { (void)x; }
  virtual bool calibrated() const { return true; }
  virtual void set_calibrated(bool) {}

  /// Values on the grid in f32, gradient by encode() and backward(): the reference that integer paths are tested
  /// against, and the path for consumers that read floats. The quantizer must outlive the tape.
  Variable fake_quantize(const Variable& x, SourceLine at = SourceLine::here());
  /// The same for an x that is encoded already, `values` being its dequantized codes.
  Variable straight_through(const Variable& x, const Encoded& encoded, const Tensor& values,
                            SourceLine at = SourceLine::here());
};

}  // namespace lowbit
