#include "core/quant/qtensor.h"

#include <iterator>

#include "core/error.h"
#include "core/kernels/quantize.h"

namespace lowbit {

CodeRange range_of(CodeBook book) {
  switch (book) {
    case CodeBook::binary:
      return {-1, 1, 1};
    case CodeBook::bit:
      return {0, 1, 1};
    case CodeBook::ternary:
      return {-1, 1, 2};
    case CodeBook::trit:
      return {0, 2, 2};
    case CodeBook::int4:
      return {-8, 7, 4};
    case CodeBook::uint4:
      return {0, 15, 4};
    case CodeBook::int8:
      return {-128, 127, 8};
    case CodeBook::uint8:
      return {0, 255, 8};
  }
  fail(ErrorKind::internal, "code book", "{} is not a code book", static_cast<int>(book));
}

namespace {

constexpr std::string_view kBookNames[] = {"binary", "bit", "ternary", "trit", "int4", "uint4", "int8", "uint8"};

}  // namespace

std::string_view to_string(CodeBook book) { return kBookNames[static_cast<size_t>(book)]; }

CodeBook code_book_from_name(std::string_view name) {
  for (size_t i = 0; i < std::size(kBookNames); ++i)
    if (kBookNames[i] == name) return static_cast<CodeBook>(i);
  fail(ErrorKind::model, "code book", "no code book is called '{}'", name);
}

Tensor dequantize(const QTensor& q, DType dtype) {
  const Groups groups =
      q.per == Granularity::tensor ? Groups{1, q.codes.numel()} : Groups{q.shape().rows(), q.shape().last()};
  LB_CHECK(q.scale.numel() == groups.count && (!q.offset.defined() || q.offset.numel() == groups.count), "dequantize",
           "{} codes need {} scales, not {}", q.shape().str(), groups.count, q.scale.shape().str());
  LB_CHECK(is_floating(dtype) && dtype != DType::f64, "dequantize", "to f32, f16 or bf16, not {}", to_string(dtype));
  const bool signs = (q.book == CodeBook::ternary || q.book == CodeBook::binary) && !q.offset.defined();
  Tensor y = Tensor::empty(q.shape(), dtype, q.codes.device());
  quantize_kernels(q.codes.device())
      .dequantize(current_stream(q.codes.device()),
                  {q.codes.data<int8_t>(), q.scale.data<float>(), q.offset.defined() ? q.offset.data<float>() : nullptr,
                   groups, zero_of(q.book), signs, y.mutable_raw(), dtype});
  return y;
}

}  // namespace lowbit
