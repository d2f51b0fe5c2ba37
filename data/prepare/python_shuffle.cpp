#include "data/prepare/python_shuffle.h"

#include <array>

namespace lowbit {
namespace {

/// The seeding `init_by_array` of Matsumoto and Nishimura's MT19937 (2002) with a key of one word, as a standard seed
/// sequence: CPython seeds with it, std::mt19937(seed) with another.
struct InitByArray {
  using result_type = uint32_t;
  uint32_t key;

  template <class Iterator>
  void generate(Iterator begin, Iterator end) const {
    constexpr size_t n = std::mt19937::state_size;
    std::array<uint32_t, n> state;
    state[0] = 19650218u;
    for (size_t i = 1; i < n; ++i) state[i] = mixed(state[i - 1], 1812433253u) + static_cast<uint32_t>(i);
    size_t at = 1;
    const auto advance = [&] {
      if (++at < n) return;
      state[0] = state[n - 1];
      at = 1;
    };
    for (size_t k = 0; k < n; ++k, advance()) state[at] = (state[at] ^ mixed(state[at - 1], 1664525u)) + key;
    for (size_t k = 1; k < n; ++k, advance())
      state[at] = (state[at] ^ mixed(state[at - 1], 1566083941u)) - static_cast<uint32_t>(at);
    state[0] = 0x80000000u;
    std::copy(state.begin(), state.begin() + (end - begin), begin);
  }

  static uint32_t mixed(uint32_t previous, uint32_t factor) { return (previous ^ (previous >> 30)) * factor; }
};

std::mt19937 seeded(uint32_t seed) {
  InitByArray sequence{seed};
  return std::mt19937(sequence);
}

}  // namespace

PythonShuffle::PythonShuffle(uint32_t seed) : generator_(seeded(seed)) {}

uint32_t PythonShuffle::below(uint32_t n) {
  const int unused = 32 - std::bit_width(n);
  uint32_t draw = generator_() >> unused;
  while (draw >= n) draw = generator_() >> unused;
  return draw;
}

}  // namespace lowbit
