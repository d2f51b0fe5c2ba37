#pragma once

#include "core/kernels/math.h"

/// Unary functions as functors: value(x) and slope(x, y), the derivative given input and result. A new activation is
/// one functor here and one row in UnaryOps; no kernel changes.
namespace lowbit {

enum class Unary : uint8_t { relu, gelu, gelu_tanh, silu, tanh, sigmoid, square };
enum class Binary : uint8_t { add, sub, mul };

/// Whether slope(x, y) may look at y; if not, backward need not keep it.
constexpr bool slope_reads_result(Unary op) {
  return op != Unary::relu && op != Unary::gelu && op != Unary::gelu_tanh && op != Unary::square;
}

namespace {

struct Relu {
  template <class C>
  static C value(C x) {
    return x > 0 ? x : C{0};
  }
  template <class C>
  static C slope(C x, C) {
    return x > 0 ? C{1} : C{0};
  }
};
/// x * Phi(x), the exact form: 0.5 x (1 + erf(x / sqrt 2)) (Hendrycks and Gimpel 2016).
struct Gelu {
  template <class C>
  static C phi(C x) {
    return C(0.5) * (1 + math::erf(x * C(0.70710678118654752)));
  }
  template <class C>
  static C value(C x) {
    return x * phi(x);
  }
  template <class C>
  static C slope(C x, C) {
    return phi(x) + x * C(0.39894228040143268) * math::exp(C(-0.5) * x * x);
  }
};
/// The tanh form: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
struct GeluTanh {
  template <class C>
  static C inner(C x) {
    return C(0.79788456080286536) * (x + C(0.044715) * x * x * x);
  }
  template <class C>
  static C value(C x) {
    return C(0.5) * x * (1 + math::tanh(inner(x)));
  }
  template <class C>
  static C slope(C x, C) {
    const C t = math::tanh(inner(x));
    return C(0.5) * (1 + t) + C(0.5) * x * (1 - t * t) * C(0.79788456080286536) * (1 + C(3 * 0.044715) * x * x);
  }
};
struct Sigmoid {
  template <class C>
  static C value(C x) {
    return 1 / (1 + math::exp(-x));
  }
  template <class C>
  static C slope(C, C y) {
    return y * (1 - y);
  }
};
struct Silu {
  template <class C>
  static C value(C x) {
    return x * Sigmoid::value(x);
  }
  template <class C>
  static C slope(C x, C y) {
    const C s = Sigmoid::value(x);
    return s + y * (1 - s);
  }
};
struct Tanh {
  template <class C>
  static C value(C x) {
    return math::tanh(x);
  }
  template <class C>
  static C slope(C, C y) {
    return 1 - y * y;
  }
};
struct Square {
  template <class C>
  static C value(C x) {
    return x * x;
  }
  template <class C>
  static C slope(C x, C) {
    return 2 * x;
  }
};

struct Add {
  template <class C>
  static C value(C a, C b) {
    return a + b;
  }
};
struct Sub {
  template <class C>
  static C value(C a, C b) {
    return a - b;
  }
};
struct Mul {
  template <class C>
  static C value(C a, C b) {
    return a * b;
  }
};

template <class... Ops>
struct OpList {};
/// In the order of the enums.
using UnaryOps = OpList<Relu, Gelu, GeluTanh, Silu, Tanh, Sigmoid, Square>;
using BinaryOps = OpList<Add, Sub, Mul>;

}  // namespace
}  // namespace lowbit
