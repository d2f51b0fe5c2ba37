#include "data/batch/batcher.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "core/error.h"
#include "core/random.h"

namespace lowbit {

Batcher::Batcher(const TokenDataset& dataset, const BatcherOptions& options) : dataset_(dataset), options_(options) {
  LB_REQUIRE(dataset.source.size() == dataset.target.size(), ErrorKind::data, "batcher",
             "{} source rows but {} target rows", dataset.source.size(), dataset.target.size());
  LB_REQUIRE(options.max_tokens > 0 && options.max_sentences >= 0 && options.multiple_of > 0 &&
                 options.max_source > 0 && options.max_target > 0,
             ErrorKind::usage, "batcher", "max_tokens, multiple_of, max_source and max_target must be positive");
  options_.max_source = std::min(options.max_source, options.max_tokens);
  options_.max_target = std::min(options.max_target, options.max_tokens);
  take_rows();
  cut();
}

int64_t Batcher::source_length(int64_t row) const {
  return std::min(dataset_.source.length(row) + 1, options_.max_source);
}
int64_t Batcher::target_length(int64_t row) const { return dataset_.target.length(row) + 1; }

void Batcher::take_rows() {
  for (int64_t row = 0; row < dataset_.size(); ++row) {
    const bool long_target = target_length(row) > options_.max_target;
    if (long_target || dataset_.source.length(row) >= options_.max_source) {
      if (overlong_rows_++ == 0) first_overlong_ = row;
      if (long_target || options_.overlong == Overlong::drop) {
        ++dropped_rows_;
        continue;
      }
    }
    by_length_.push_back(row);
  }
  LB_REQUIRE(!by_length_.empty(), ErrorKind::data, "batcher",
             "none of {} rows is within {} source and {} target tokens", dataset_.size(), options_.max_source,
             options_.max_target);
  std::sort(by_length_.begin(), by_length_.end(), [&](int64_t a, int64_t b) {
    return std::tuple(source_length(a), target_length(a), a) < std::tuple(source_length(b), target_length(b), b);
  });
}

void Batcher::cut() {
  const int64_t limit = options_.max_sentences > 0 ? options_.max_sentences : rows();
  cuts_ = {0};
  while (cuts_.back() < rows()) {
    const int64_t begin = cuts_.back();
    int64_t end = begin, longest = 0;
    for (; end < rows() && end - begin < limit; ++end) {
      const int64_t row = by_length_[static_cast<size_t>(end)];
      longest = std::max({longest, source_length(row), target_length(row)});
      if ((end - begin + 1) * longest > options_.max_tokens) break;
    }
    const int64_t count = end - begin;
    const bool rounds = end < rows() && count > options_.multiple_of;
    cuts_.push_back(rounds ? end - count % options_.multiple_of : end);
  }
}

void Batcher::deal(int64_t epoch) {
  row_order_ = by_length_;
  batch_order_.resize(static_cast<size_t>(batches_per_epoch()));
  std::iota(batch_order_.begin(), batch_order_.end(), 0);
  dealt_epoch_ = epoch;
  if (options_.order == Order::by_length) return;
  RandomState random{philox_key(options_.seed, static_cast<uint64_t>(epoch)), 0};
  const auto lengths = [&](int64_t row) { return std::pair(source_length(row), target_length(row)); };
  for (auto begin = row_order_.begin(); begin != row_order_.end();) {
    const auto end =
        std::find_if(begin, row_order_.end(), [&](int64_t row) { return lengths(row) != lengths(*begin); });
    shuffle(std::span(begin, end), random);
    begin = end;
  }
  shuffle(std::span(batch_order_), random);
}

void Batcher::seek(int64_t position) {
  LB_CHECK(position >= 0, "batcher", "position {} is negative", position);
  position_ = position;
}

Batch Batcher::at(int64_t position) {
  const int64_t epoch = position / batches_per_epoch();
  if (epoch != dealt_epoch_) deal(epoch);
  const auto batch = static_cast<size_t>(batch_order_[static_cast<size_t>(position % batches_per_epoch())]);
  const auto begin = static_cast<size_t>(cuts_[batch]), end = static_cast<size_t>(cuts_[batch + 1]);
  return collate(std::span(row_order_).subspan(begin, end - begin));
}

Batch Batcher::collate(std::span<const int64_t> rows) const {
  Batch batch;
  batch.rows = static_cast<int64_t>(rows.size());
  batch.row_ids.assign(rows.begin(), rows.end());
  for (const int64_t row : rows) {
    batch.source_lengths.push_back(static_cast<int32_t>(source_length(row)));
    batch.target_lengths.push_back(static_cast<int32_t>(target_length(row)));
    batch.source_tokens += source_length(row);
    batch.target_tokens += target_length(row);
  }
  batch.source_length = *std::max_element(batch.source_lengths.begin(), batch.source_lengths.end());
  batch.target_length = *std::max_element(batch.target_lengths.begin(), batch.target_lengths.end());
  batch.source.assign(static_cast<size_t>(batch.rows * batch.source_length), options_.ids.pad);
  batch.target_in.assign(static_cast<size_t>(batch.rows * batch.target_length), options_.ids.pad);
  batch.target_out = batch.target_in;
  for (int64_t i = 0; i < batch.rows; ++i) {
    const auto tokens = [](const TokenRows& side, int64_t row, int64_t length) {
      return side[row].first(static_cast<size_t>(length - 1));  // the end takes the last place
    };
    const int64_t row = rows[static_cast<size_t>(i)];
    const Framing& framing = dataset_.framing(row);
    const auto source = tokens(dataset_.source, row, source_length(row));
    const auto target = tokens(dataset_.target, row, target_length(row));
    *std::copy(source.begin(), source.end(), batch.source.begin() + i * batch.source_length) = framing.source_end;
    *std::copy(target.begin(), target.end(), batch.target_out.begin() + i * batch.target_length) = framing.target_end;
    const auto first = batch.target_in.begin() + i * batch.target_length;
    *first = framing.decoder_start >= 0 ? framing.decoder_start : options_.start_id;
    std::copy(target.begin(), target.end(), first + 1);
  }
  return batch;
}

std::string Batcher::describe_overlong() const {
  if (overlong_rows_ == 0) return "";
  const int64_t truncated = overlong_rows_ - dropped_rows_;
  std::string what = dropped_rows_ > 0 ? fmt::format("dropped {}", dropped_rows_) : "";
  if (truncated > 0) what += fmt::format("{}truncated {}", what.empty() ? "" : " and ", truncated);
  return fmt::format("{} of {} rows: longer than {} source or {} target tokens (the first is row {})", what,
                     dataset_.size(), options_.max_source, options_.max_target, first_overlong_ + 1);
}

}  // namespace lowbit
