#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/batch/batch_source.h"
#include "data/batch/token_dataset.h"
#include "data/tokenizer/special_ids.h"

namespace lowbit {

enum class Overlong : uint8_t { drop, truncate_source };  ///< a row whose target is too long is dropped anyway
enum class Order : uint8_t { shuffled, by_length };       ///< by_length: the same order in every epoch, for validation

struct BatcherOptions {
  int64_t max_tokens = 4096;  ///< of a batch: rows * its longest row of either side, eos counted
  int64_t max_sentences = 0;  ///< of a batch; 0: no limit
  int64_t multiple_of = 1;    ///< a batch of at least so many rows holds a multiple of them (not an epoch's last one)
  int64_t max_source = 1024;  ///< longest row to take, eos counted; a row longer than max_tokens never fits
  int64_t max_target = 1024;
  Overlong overlong = Overlong::drop;
  Order order = Order::shuffled;
  uint64_t seed = 1;
  SpecialIds ids = {};
  int32_t start_id = SpecialIds().eos;  ///< first of target_in unless the dataset's framing has one: eos, as in fairseq
};

/// Batches of rows of similar length.
///
/// Rows are sorted by source, then target length and cut greedily, which fixes the lengths in every batch for good. An
/// epoch deals the rows of equal lengths anew and shuffles the batches, both by Philox keyed with (seed, epoch). So
/// every epoch has the same number of batches, and batch i of epoch k needs no other one: seek() is exact and cheap.
class Batcher final : public BatchSource {
 public:
  /// The dataset must outlive the batcher. Errors (data): sides of different size, no row short enough.
  Batcher(const TokenDataset& dataset, const BatcherOptions& options);

  Batch next() override { return at(position_++); }
  void seek(int64_t position) override;
  int64_t position() const override { return position_; }
  int64_t batches_per_epoch() const override { return static_cast<int64_t>(cuts_.size()) - 1; }

  Batch at(int64_t position);  ///< any batch; position() stays. Rank r of n takes at(n * step + r)

  const TokenDataset& dataset() const { return dataset_; }
  int64_t rows() const { return static_cast<int64_t>(by_length_.size()); }  ///< of an epoch
  int64_t overlong_rows() const { return overlong_rows_; }
  std::string describe_overlong() const;  ///< one line for the log; empty when no row was too long

 private:
  int64_t source_length(int64_t row) const;  // eos counted, after truncation
  int64_t target_length(int64_t row) const;
  void take_rows();
  void cut();
  void deal(int64_t epoch);
  Batch collate(std::span<const int64_t> rows) const;

  const TokenDataset& dataset_;
  BatcherOptions options_;
  int64_t overlong_rows_ = 0, dropped_rows_ = 0, first_overlong_ = -1;
  std::vector<int64_t> by_length_;  // row ids
  std::vector<int64_t> cuts_;       // batch b holds places [cuts_[b], cuts_[b + 1]) of the order
  int64_t position_ = 0;
  int64_t dealt_epoch_ = -1;          // which epoch the next two belong to
  std::vector<int64_t> row_order_;    // by_length_ with rows of equal lengths permuted
  std::vector<int64_t> batch_order_;  // batch i of the epoch is number batch_order_[i] of the cut
};

}  // namespace lowbit
