#pragma once

#include <cstdint>

namespace lowbit {

/// Ids with a meaning of their own, in fairseq's order: a piece has the same id here and in a fairseq dictionary.
struct SpecialIds {
  int32_t bos = 0, pad = 1, eos = 2, unk = 3;
  bool operator==(const SpecialIds&) const = default;
};

}  // namespace lowbit
