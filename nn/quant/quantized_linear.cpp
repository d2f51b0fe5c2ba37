#include "nn/quant/quantized_linear.h"

#include "autograd/functions/matmul.h"
#include "autograd/precision.h"
#include "core/ops/qmatmul.h"
#include "core/ops/reduce.h"

namespace lowbit {
namespace {

enum Input : size_t { kX, kWeight, kBias, kScales };

void append_scales(std::vector<Variable>& inputs, const Slot& slot) {
  for (const Parameter* parameter : slot.parameters()) inputs.push_back(parameter->value);
}

/// dY Ŵ
struct InputProduct {
  const QTensor& dy;
  const PackedWeight& w;
  Tensor value() const { return ops::qlinear(dy, w); }
  void add_to(Tensor& sum) const { ops::qlinear_add_(sum, dy, w); }
};
/// dY^T X̂
struct WeightProduct {
  const ops::GradientCodes& dy;
  const PackedInput& x;
  Tensor value() const { return ops::qouter(dy, x); }
  void add_to(Tensor& sum) const { ops::qouter_add_(sum, dy, x); }
};

/// Adds what the quantizer makes of the product, the gradient of its values: that of its input, and those of its
/// scales, which start at input `first_scale`.
template <class Product>
void add_through(GradSink& dx, size_t input, size_t first_scale, const Quantizer& rule, const Encoded& encoded,
                 const Product& product) {
  if (rule.passes_all(encoded)) return add_product(dx, input, DType::f32, product);
  QuantizerGrads grads = rule.backward(encoded, product.value());
  dx.add(input, std::move(grads.dx));
  for (size_t i = 0; i < grads.parameters.size(); ++i) dx.add(first_scale + i, std::move(grads.parameters[i]));
}

bool needs_any(const GradSink& dx, size_t first, size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (dx.needs(first + i)) return true;
  return false;
}

Variable quantized_linear(const Variable& given, QuantizedWeight& weight, const Variable& bias, QuantSlot& input,
                          const ForwardContext& context, SourceLine at) {
  const Variable x = stored(given, at);
  WeightSlot& weight_slot = weight.slot();
  const auto x_codes = input.encode_shared(x, context);
  const auto w_codes = weight_slot.encoded(weight.master(), context);
  const Tensor y =
      ops::qlinear(x_codes->encoded().q, w_codes->packed(), bias.defined() ? bias.value().to(DType::f32) : Tensor());

  std::vector<Variable> inputs = {x, weight.master(), bias};
  append_scales(inputs, input);
  const size_t input_scales = inputs.size() - kScales;
  append_scales(inputs, weight_slot);
  const size_t weight_scales = inputs.size() - kScales - input_scales;

  const DType operand = ops::operand_type(x.dtype());
  const bool integers = ops::matmul_precision() == ops::MatmulPrecision::int8 && x.dtype() != DType::f64 &&
                        weight.shape()[0] <= kMaxColumns;
  return record(
      "quantized_linear", y.to(x.dtype()), inputs,
      [=, x_rule = input.get(), w_rule = weight_slot.get()](const Tensor& dy, GradSink& dx) {
        const bool needs_x = dx.needs(kX) || needs_any(dx, kScales, input_scales);
        const bool needs_w = dx.needs(kWeight) || needs_any(dx, kScales + input_scales, weight_scales);
        const auto add_x = [&](const auto& product) {
          add_through(dx, kX, kScales, *x_rule, x_codes->encoded(), product);
        };
        const auto add_w = [&](const auto& product) {
          add_through(dx, kWeight, kScales + input_scales, *w_rule, w_codes->encoded(), product);
        };
        if (integers) {
          ops::GradientUse use = needs_w ? ops::gradient_use(x_codes->packed()) : ops::GradientUse{};
          use.rows = needs_x, use.columns = needs_w;
          use.column_factor = w_codes->row_scale();
          const ops::GradientCodes codes = ops::encode_gradient(dy.to(DType::f32), use);
          if (needs_x) add_x(InputProduct{codes.rows, w_codes->transposed()});
          if (needs_w) add_w(WeightProduct{codes, x_codes->packed()});
          if (dx.needs(kBias)) dx.add(kBias, codes.sum);
          return;
        }
        const Tensor factor = dy.to(operand);
        if (needs_x) add_x(FloatProduct{factor, w_codes->values(operand), {.result = DType::f32}});
        if (needs_w) add_w(FloatProduct{factor, x_codes->values(operand), {.transpose_a = true, .result = DType::f32}});
        if (dx.needs(kBias)) dx.add(kBias, ops::column_sum(dy));
      },
      at);
}

}  // namespace

Variable slotted_linear(const Variable& x, QuantizedWeight& weight, const Variable& bias, QuantSlot& input,
                        const ForwardContext& context, SourceLine at) {
  if (weight.slot().empty() || input.empty())
    return linear(input(x, context, at), weight.slot()(weight.master(), context, at), bias, at);
  return quantized_linear(x, weight, bias, input, context, at);
}

}  // namespace lowbit
