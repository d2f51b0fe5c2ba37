#include "core/kernels/cpu/gradient_codes.h"

namespace lowbit::LB_TARGET_NS {
namespace {

/// How one group is encoded.
struct Coding {
  float inverse, shift, low, high;
  int32_t zero;
  bool counts = true;  ///< false: known to be finite and within the levels
};

/// Value and level that a pass rule looks at, and code, of one element. Comparisons are written so that NaN takes the
/// same branch everywhere.
struct GridCoder {
  static constexpr bool kClamps = true;
  static float value(float x, const Coding&) { return x; }
  static float level(float x, const Coding& c) { return (x - c.shift) * c.inverse; }
  static int32_t code(float, float level, const Coding& c) {
    const float above = level > c.low ? level : c.low;
    return round_to_int(above < c.high ? above : c.high) - c.zero;
  }
};
struct SignCoder {
  static constexpr bool kClamps = false;
  static float value(float x, const Coding& c) { return x - c.shift; }
  static float level(float x, const Coding& c) { return (x - c.shift) * c.inverse; }
  static int32_t code(float x, float, const Coding& c) { return x - c.shift < 0 ? -1 : 1; }
};
struct ThresholdCoder {
  static constexpr bool kClamps = false;
  static float value(float x, const Coding&) { return x; }
  static float level(float x, const Coding& c) { return x * c.inverse; }
  static int32_t code(float x, float, const Coding& c) { return (x > c.shift ? 1 : 0) - (x < -c.shift ? 1 : 0); }
};

struct Counts {
  int64_t clamped = 0, nonfinite = 0;
};

template <class Coder>
Counts encode_codes(const float* x, int64_t n, const Coding& coding, int8_t* codes) {
  const Coding c = coding;
  if (Coder::kClamps && !c.counts) {
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) codes[j] = static_cast<int8_t>(round_to_int(Coder::level(x[j], c)) - c.zero);
    return {};
  }
  const float outer_low = c.low - 0.5f, outer_high = c.high + 0.5f;
  int32_t clamped = 0, nonfinite = 0;
#pragma omp simd reduction(+ : clamped, nonfinite)
  for (int64_t j = 0; j < n; ++j) {
    const float t = Coder::level(x[j], c);
    codes[j] = static_cast<int8_t>(Coder::code(x[j], t, c));
    if (Coder::kClamps) clamped += (t < outer_low ? 1 : 0) + (t > outer_high ? 1 : 0);
    nonfinite += abs(x[j]) <= kHighest ? 0 : 1;
  }
  return {clamped, nonfinite};
}

/// ORs the low `count` bits of `word` into the mask from bit `at` on.
inline void put_bits(uint8_t* bits, int64_t at, uint64_t word, int64_t count) {
  uint8_t* byte = bits + at / 8;
  const int shift = static_cast<int>(at % 8);
  if (shift == 0 && count == 64) {
    std::memcpy(byte, &word, 8);
    return;
  }
  for (int64_t done = -shift; done < count; done += 8, ++byte)
    *byte = static_cast<uint8_t>(*byte | (done < 0 ? word << shift : word >> done));
}

/// One bit an element: low <= v <= high.
template <class Coder, bool on_level>
void encode_pass(const float* x, int64_t n, const Coding& coding, const PassArgs& pass, int64_t at) {
  const Coding c = coding;
  const float low = pass.low, high = pass.high;
  for (int64_t j = 0; j < n; j += 64) {
    const int64_t count = n - j < 64 ? n - j : 64;
    uint8_t flags[64] = {};
#pragma omp simd
    for (int64_t k = 0; k < count; ++k) {
      const float v = on_level ? Coder::level(x[j + k], c) : Coder::value(x[j + k], c);
      flags[k] = static_cast<uint8_t>((v >= low ? 1 : 0) & (v <= high ? 1 : 0));
    }
    uint64_t word = 0;
    for (int byte = 0; byte < 8; ++byte) {
      uint64_t eight;
      std::memcpy(&eight, flags + 8 * byte, 8);
      word |= (eight * 0x0102040810204080u >> 56) << (8 * byte);  // gathers the low bits of eight bytes
    }
    put_bits(pass.bits, at + j, word, count);
  }
}

template <class Coder>
Counts encode_span(const EncodeArgs& a, const Coding& coding, int64_t begin, int64_t n) {
  if (a.pass.bits && a.pass.on_level) encode_pass<Coder, true>(a.x + begin, n, coding, a.pass, begin);
  if (a.pass.bits && !a.pass.on_level) encode_pass<Coder, false>(a.x + begin, n, coding, a.pass, begin);
  return encode_codes<Coder>(a.x + begin, n, coding, a.codes + begin);
}

/// Scale rule of the group; writes scale[g] and offset[g].
Coding coding_of(const EncodeArgs& a, int64_t g, bool parallel) {
  Coding c{0.0f, 0.0f, a.low, a.high, a.zero};
  if (a.encoder == Encoder::grid || a.encoder == Encoder::sign || a.encoder == Encoder::threshold) {
    const float scale = a.given_scale[g];
    const bool usable = scale >= a.smallest_scale;
    c.inverse = usable ? 1.0f / scale : 0.0f;
    c.shift = a.given_shift ? a.given_shift[g] : 0.0f;
    a.scale[g] = usable || scale != scale ? scale : 0.0f;
    if (a.offset) a.offset[g] = c.shift;
    return c;
  }
  const bool symmetric = a.encoder == Encoder::absmax;
  const Extremes e = fold<Extremes>(a.groups.size, parallel, [&](int64_t begin, int64_t n) {
    const float* x = a.x + g * a.groups.size + begin;
    return symmetric ? Extremes{absmax(x, 0, n), 0, 0} : extremes(x, 0, n);
  });
  float range = e.absmax;  // NaN when there is one, and then so is the scale
  if (symmetric) {
    range = range > a.clip ? a.clip : range;
    range = range > 0 && range < a.floor ? a.floor : range;
    c.counts = !(e.absmax <= a.clip && e.absmax <= kHighest);
  } else if (a.groups.size > 0) {
    const float max = (e.max > a.clip ? a.clip : e.max) + 0.0f, min = (e.min < -a.clip ? -a.clip : e.min) + 0.0f;
    c.shift = a.has_fixed_min ? a.fixed_min : min;
    if (range == range) range = max - c.shift;
  }
  const float scale = range / a.high;
  const bool usable = scale >= a.smallest_scale;
  c.inverse = usable ? a.high / range : 0.0f;
  a.scale[g] = usable || scale != scale ? scale : 0.0f;
  if (a.offset) a.offset[g] = c.shift;
  return c;
}

inline void add_atomic(int64_t& total, int64_t n) {
#pragma omp atomic
  total += n;
}

template <class Coder>
void encode_as(const EncodeArgs& a) {
  int64_t zero_groups = 0, clamped = 0, nonfinite = 0;
  const int64_t size = a.groups.size;
  for_each_group(a.groups, [&](int64_t g, bool parallel) {
    const Coding coding = coding_of(a, g, parallel);
    int64_t group_nonfinite = 0;
    for_each_chunk(size, parallel, [&](int64_t begin, int64_t n) {
      const Counts counts = encode_span<Coder>(a, coding, g * size + begin, n);
      if (counts.clamped) add_atomic(clamped, counts.clamped);
      if (counts.nonfinite) add_atomic(group_nonfinite, counts.nonfinite);
    });
    if (group_nonfinite > 0)
      for (int64_t j = 0; j < size; ++j)
        if (a.x[g * size + j] != a.x[g * size + j]) a.scale[g] = __builtin_nanf("");
    if (a.scale[g] == 0) add_atomic(zero_groups, 1);
    if (group_nonfinite) add_atomic(nonfinite, group_nonfinite);
  });
  a.counts[0] = zero_groups, a.counts[1] = clamped, a.counts[2] = nonfinite;
}

void encode(Stream&, const EncodeArgs& a) {
  switch (a.encoder) {
    case Encoder::absmax:
    case Encoder::asymmetric:
    case Encoder::grid:
      return encode_as<GridCoder>(a);
    case Encoder::sign:
      return encode_as<SignCoder>(a);
    case Encoder::threshold:
      return encode_as<ThresholdCoder>(a);
  }
}

/// What store() does, for an x that is not NaN.
template <class T>
inline void store_number(T* p, float x) {
  store(p, x);
}
inline void store_number(bf16* p, float x) {
  const uint32_t u = static_cast<uint32_t>(bits_of(x));
  p->bits = static_cast<uint16_t>((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}

/// y = scale * code for codes -1, 0 and 1 and a finite scale >= 0: three values, in the bits of a half type.
template <class T>
void dequantize_signs(const int8_t* codes, int64_t n, float scale, T* y) {
  T rounded;
  store(&rounded, scale);
  const int16_t magnitude = static_cast<int16_t>(rounded.bits);
#pragma omp simd
  for (int64_t j = 0; j < n; ++j) {
    const int16_t code = codes[j];
    y[j].bits = static_cast<uint16_t>((magnitude & -(code & 1)) | (code & -0x8000));
  }
}

template <class T>
void dequantize_to(const DequantizeArgs& a) {
  for_each_group(a.groups, [&](int64_t g, bool parallel) {
    const float scale = a.scale[g], offset = a.offset ? a.offset[g] : 0.0f;
    const int32_t zero = a.zero;
    const bool shifted = a.offset != nullptr;  // adding 0 would turn -0 into 0
    const bool numbers = abs(scale) <= kHighest && abs(offset) <= kHighest;
    const auto write = [&](auto put) {
      for_each_chunk(a.groups.size, parallel, [&](int64_t begin, int64_t n) {
        const int8_t* codes = a.codes + g * a.groups.size + begin;
        T* y = static_cast<T*>(a.y) + g * a.groups.size + begin;
        if constexpr (sizeof(T) == 2)
          if (a.signs && numbers && scale >= 0) return dequantize_signs(codes, n, scale, y);
        if (shifted)
#pragma omp simd
          for (int64_t j = 0; j < n; ++j) put(y + j, scale * static_cast<float>(codes[j] + zero) + offset);
        else
#pragma omp simd
          for (int64_t j = 0; j < n; ++j) put(y + j, scale * static_cast<float>(codes[j] + zero));
      });
    };
    if (numbers)
      write([](T* p, float x) { store_number(p, x); });
    else
      write([](T* p, float x) { store(p, x); });
  });
}

void dequantize(Stream&, const DequantizeArgs& a) {
  if (a.dtype == DType::bf16) return dequantize_to<bf16>(a);
  if (a.dtype == DType::f16) return dequantize_to<f16>(a);
  dequantize_to<float>(a);
}

/// y = g where bits say so, 0 elsewhere, 16 elements at a time: as integers, one test a lane and no branch.
void apply_mask(Stream&, const ApplyMaskArgs& a) {
  constexpr int64_t kStep = 16;
  parallel_ranges(a.n, [=](int64_t begin, int64_t end) {
    int64_t i = begin;
    for (; i + kStep <= end; i += kStep) {
      uint16_t word;
      std::memcpy(&word, a.bits + i / 8, sizeof word);
      const int32_t bits = word;
      int32_t lanes[kStep];
      std::memcpy(lanes, a.g + i, sizeof lanes);
#pragma omp simd
      for (int32_t k = 0; k < kStep; ++k) lanes[k] = bits & 1 << k ? lanes[k] : 0;
      std::memcpy(a.y + i, lanes, sizeof lanes);
    }
    for (; i < end; ++i) a.y[i] = a.bits[i / 8] >> (i % 8) & 1 ? a.g[i] : 0.0f;
  });
}

struct Sums {
  double residual = 0, below = 0, above = 0;
  void operator+=(const Sums& b) { residual += b.residual, below += b.below, above += b.above; }
};

/// Sums of one chunk, in f32 lanes as lane_sum has them, in one pass.
Sums grid_chunk(const float* x, const float* g, int64_t n, const GridSumsArgs& a, float inverse, float offset) {
  const float low = a.low, high = a.high;
  float residual[kLanes] = {}, below[kLanes] = {}, above[kLanes] = {};
  const auto add = [&](int64_t k, float value, float grad) {
    const float t = (value - offset) * inverse;
    const bool under = t<low, over = t> high;
    const float inside = t >= low && t <= high ? t : 0.0f;
    residual[k] += grad * (magic_round(inside) - 12582912.0f - inside);
    below[k] += under ? grad : 0.0f;
    above[k] += over ? grad : 0.0f;
  };
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes)
#pragma omp simd
    for (int64_t k = 0; k < kLanes; ++k) add(k, x[j + k], g[j + k]);
  for (int64_t k = 0; j + k < n; ++k) add(k, x[j + k], g[j + k]);
  const auto total = [](const float* lanes) {
    return static_cast<double>(lane_sum<float>(kLanes, [=](int64_t k) { return lanes[k]; }));
  };
  return {total(residual), total(below), total(above)};
}

void grid_sums(Stream&, const GridSumsArgs& a) {
  for_each_group(a.groups, [&](int64_t group, bool parallel) {
    const float offset = a.offset ? a.offset[group] : 0.0f;
    const float inverse = a.scale[group] >= a.smallest_scale ? 1.0f / a.scale[group] : 0.0f;
    const Sums s = fold<Sums>(a.groups.size, parallel, [&](int64_t begin, int64_t n) {
      const int64_t at = group * a.groups.size + begin;
      return grid_chunk(a.x + at, a.g + at, n, a, inverse, offset);
    });
    a.residual[group] = static_cast<float>(s.residual);
    a.below[group] = static_cast<float>(s.below);
    a.above[group] = static_cast<float>(s.above);
  });
}

void sign_sum(Stream&, const SignSumArgs& a) {
  for_each_group(a.groups, [&](int64_t group, bool parallel) {
    const Sum s = fold<Sum>(a.groups.size, parallel, [&](int64_t begin, int64_t n) {
      const float* x = a.x + group * a.groups.size + begin;
      const float* g = a.g + group * a.groups.size + begin;
      return Sum{lane_sum<float>(n, [=](int64_t j) { return x[j] < 0 ? -g[j] : g[j]; })};
    });
    a.sum[group] = static_cast<float>(s.value);
  });
}

}  // namespace

void fill(QuantizeKernels& table) {
  table.stats = stats;
  table.mean_above = mean_above;
  table.encode = encode;
  table.encode_gradient = encode_gradient;
  table.dequantize = dequantize;
  table.apply_mask = apply_mask;
  table.grid_sums = grid_sums;
  table.sign_sum = sign_sum;
}

}  // namespace lowbit::LB_TARGET_NS
