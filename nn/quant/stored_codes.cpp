#include "nn/quant/stored_codes.h"

#include <cstring>

#include "core/error.h"
#include "core/quant/packing.h"

namespace lowbit {
namespace {

bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.bytes() == b.bytes() && (a.raw() == b.raw() || std::memcmp(a.raw(), b.raw(), a.bytes()) == 0);
}

}  // namespace

QTensor StoredCodes::unpack() const { return {book, per, unpack_codes(packed, book, shape), scale, {}}; }

bool StoredCodes::operator==(const StoredCodes& other) const {
  return book == other.book && per == other.per && shape == other.shape && same_bytes(packed, other.packed) &&
         same_bytes(scale, other.scale);
}

StoredCodes store_codes(const QTensor& weight) {
  LB_CHECK(weight.shape().rank() == 2 && !weight.offset.defined(), "stored codes",
           "a weight to store is a matrix of codes without offset, got {}", weight.shape().str());
  return {weight.book, weight.per, weight.shape(), pack_codes(weight.codes, weight.book), weight.scale};
}

}  // namespace lowbit
