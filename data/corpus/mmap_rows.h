#pragma once

#include <filesystem>

#include "data/batch/token_dataset.h"

namespace lowbit {

/// The items of ids in STEM.idx and STEM.bin, fairseq's format "mmap": magic "MMIDIDX", u64 version 1, u8 type of the
/// tokens, u64 count n, i32 tokens[n], i64 first byte[n]; then the tokens of all items. Little endian, no alignment.
///   vocab  every id must be below it
/// Errors (data) naming the file and the item: missing, the older format TNTIDX, another version, tokens that are no
/// integers, sizes that are not those of the files, items that reach beyond the end, ids outside the vocabulary.
TokenRows read_mmap_rows(const std::filesystem::path& stem, int64_t vocab);

}  // namespace lowbit
