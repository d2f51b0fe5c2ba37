#pragma once

#include <string>
#include <string_view>

#include "nn/precision_policy.h"

namespace lowbit {

/// What one side of an op is stored in.
enum class Stored : uint8_t {
  site,      ///< the type of the site: that of the policy, or of a rule that matches the module
  matrices,  ///< the type of matrices
  input,     ///< whatever the input has
  codes,     ///< i8 codes, f32 scales
  i32,
  f32,
  f64,
};

/// One op that the tape records, or one step around it: where it rounds. `scaled` says whether its gradients carry the
/// loss scale. Describes what the ops do; tests/nn/cast_rules_test.cpp compares its results with the tape of real
/// models, and tests/nn/must_stay_f32_test.cpp what is summed in f32.
struct CastRule {
  std::string_view op;
  Stored input, compute, result;
  bool scaled;
  std::string_view why;
};

inline constexpr CastRule kCastRules[] = {
    {"embedding", Stored::matrices, Stored::f32, Stored::matrices, true,
     "looked up as stored; the sum of its gradient is f32"},
    {"cast", Stored::input, Stored::f32, Stored::site, true, "one rounding where types meet"},
    {"linear", Stored::site, Stored::f32, Stored::site, true, "f32 sums, bias added in f32, one rounding"},
    {"quantized_linear", Stored::codes, Stored::i32, Stored::site, true, "exact sums, f32 scales, one rounding"},
    {"fake_quantize", Stored::f32, Stored::f32, Stored::f32, true, "scale, reciprocal and mask in f32"},
    {"layer_norm", Stored::site, Stored::f32, Stored::site, true, "mean, variance and backward sums in f32"},
    {"rms_norm", Stored::site, Stored::f32, Stored::site, true, "mean square and backward sums in f32"},
    {"attention_probs", Stored::site, Stored::f32, Stored::site, true, "scores and softmax in f32, rounded after it"},
    {"attention_context", Stored::site, Stored::f32, Stored::site, true, "f32 sums, one rounding"},
    {"softmax", Stored::site, Stored::f32, Stored::site, true, "maximum, sum and backward dot product in f32"},
    {"unary", Stored::site, Stored::f32, Stored::site, true, "elementwise"},
    {"add", Stored::site, Stored::f32, Stored::site, true, "elementwise"},
    {"scale", Stored::site, Stored::f32, Stored::site, true, "elementwise"},
    {"dropout", Stored::site, Stored::f32, Stored::site, true, "by selection: 0 * inf would be NaN"},
    {"dropout_add", Stored::site, Stored::f32, Stored::site, true, "with the residual, one rounding"},
    {"vector_product", Stored::f32, Stored::f32, Stored::f32, true, "g and h and their gradients in f32"},
    {"rescale", Stored::f32, Stored::f32, Stored::f32, true, "reciprocal first: nothing of levels * |y| is stored"},
    {"rescale_as_published", Stored::site, Stored::f32, Stored::site, true, "rounds where public code does: overflows"},
    {"reshape", Stored::input, Stored::input, Stored::input, true, "no arithmetic"},
    {"cross_entropy", Stored::site, Stored::f32, Stored::f32, true, "log softmax in f32, sums in f64"},
    {"soft_cross_entropy", Stored::site, Stored::f32, Stored::f32, true, "log softmax in f32, sums in f64"},
    {"masked_squared_error", Stored::site, Stored::f32, Stored::f32, true, "sums in f64"},
    {"chunked_rows", Stored::site, Stored::f32, Stored::f32, true, "the loss; scaled before the chunk's backward"},
    {"sum", Stored::site, Stored::f64, Stored::f32, true, ""},
    {"mean", Stored::site, Stored::f64, Stored::f32, true, ""},
    {"parameter gradient", Stored::site, Stored::f32, Stored::f32, true, "never summed in half: small addends vanish"},
    {"gradient norm", Stored::f32, Stored::f64, Stored::f64, false, "of unscaled gradients, before clipping"},
    {"optimizer", Stored::f32, Stored::f32, Stored::matrices, false, "moments f32; unscaled in the same pass"},
    {"moving average", Stored::matrices, Stored::f32, Stored::f32, false, "of weights"},
};

/// "f16", "i8 codes", "as input", for the sites that no rule changes.
std::string described(Stored stored, const PolicyRow& policy);

}  // namespace lowbit
