#pragma once

#include <memory>

#include "data/batch/batcher.h"
#include "data/denoise/noise.h"

namespace lowbit {

/// Batches of clean blocks (cut_blocks) whose sources are corrupted. The noise of a row depends on seed, epoch and row
/// alone, so any batch can be made without those before it.
class Denoising final : public BatchSource {
 public:
  /// Noise may lengthen a block; it is cut to `max_source` tokens, its last one kept.
  Denoising(std::unique_ptr<Batcher> clean, Noise noise, uint64_t seed, int64_t max_source, SpecialIds ids = {});

  Batch next() override;
  void seek(int64_t position) override { clean_->seek(position); }
  int64_t position() const override { return clean_->position(); }
  int64_t batches_per_epoch() const override { return clean_->batches_per_epoch(); }

 private:
  std::unique_ptr<Batcher> clean_;
  Noise noise_;
  uint64_t seed_;
  int64_t max_source_;
  SpecialIds ids_;
};

/// The noised source of one block; `block` ends with its last token. A block that does not begin with a special token
/// is noised as if it began with <s>, which always stays in its place.
std::vector<int32_t> noised_source(const Noise& noise, std::span<const int32_t> block, bool has_begin,
                                   int64_t max_source, RandomState random, const SpecialIds& ids);

/// The clean blocks beside their corruption in epoch 0: a dev set that is the same at every look.
TokenDataset noised_dataset(const TokenDataset& clean, const Noise& noise, uint64_t seed, int64_t max_source,
                            const SpecialIds& ids = {});

}  // namespace lowbit
