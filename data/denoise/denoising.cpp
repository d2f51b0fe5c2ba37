#include "data/denoise/denoising.h"

#include <algorithm>
#include <utility>

namespace lowbit {
namespace {

RandomState random_of(uint64_t seed, int64_t epoch, int64_t row) {
  return {
      philox_key(philox_key(philox_key(seed, 0x6e6f697365), static_cast<uint64_t>(epoch)), static_cast<uint64_t>(row)),
      0};
}

}  // namespace

Denoising::Denoising(std::unique_ptr<Batcher> clean, Noise noise, uint64_t seed, int64_t max_source, SpecialIds ids)
    : clean_(std::move(clean)), noise_(std::move(noise)), seed_(seed), max_source_(max_source), ids_(ids) {}

std::vector<int32_t> noised_source(const Noise& noise, std::span<const int32_t> block, bool has_begin,
                                   int64_t max_source, RandomState random, const SpecialIds& ids) {
  std::vector<int32_t> tokens(block.begin(), block.end());
  if (!has_begin) tokens.insert(tokens.begin(), ids.bos);
  tokens = noise.apply(tokens, random);
  if (!has_begin) tokens.erase(tokens.begin());
  if (std::ssize(tokens) > max_source) tokens.erase(tokens.begin() + max_source - 1, tokens.end() - 1);
  return tokens;
}

Batch Denoising::next() {
  const int64_t epoch = position() / batches_per_epoch();
  Batch batch = clean_->next();
  std::vector<std::vector<int32_t>> sources;
  size_t longest = 0;
  for (int64_t i = 0; i < batch.rows; ++i) {
    const int64_t row = batch.row_ids[static_cast<size_t>(i)];
    const std::span block = std::span(batch.target_out)
                                .subspan(static_cast<size_t>(i * batch.target_length),
                                         static_cast<size_t>(batch.target_lengths[static_cast<size_t>(i)]));
    const bool has_begin = !clean_->dataset().framing(row).target_begin.empty();
    sources.push_back(noised_source(noise_, block, has_begin, max_source_, random_of(seed_, epoch, row), ids_));
    longest = std::max(longest, sources.back().size());
  }
  batch.source_length = static_cast<int64_t>(longest);
  batch.source.assign(sources.size() * longest, ids_.pad);
  batch.source_tokens = 0;
  for (size_t i = 0; i < sources.size(); ++i) {
    std::copy(sources[i].begin(), sources[i].end(), batch.source.begin() + static_cast<std::ptrdiff_t>(i * longest));
    batch.source_lengths[i] = static_cast<int32_t>(sources[i].size());
    batch.source_tokens += std::ssize(sources[i]);
  }
  return batch;
}

TokenDataset noised_dataset(const TokenDataset& clean, const Noise& noise, uint64_t seed, int64_t max_source,
                            const SpecialIds& ids) {
  TokenDataset dataset{.target = clean.target, .framings = clean.framings, .framing_of = clean.framing_of};
  for (int64_t row = 0; row < clean.size(); ++row) {
    const Framing& framing = clean.framing(row);
    std::vector<int32_t> block(clean.target[row].begin(), clean.target[row].end());
    block.push_back(framing.target_end);
    std::vector<int32_t> source =
        noised_source(noise, block, !framing.target_begin.empty(), max_source, random_of(seed, 0, row), ids);
    source.pop_back();
    dataset.source.append(source);
  }
  return dataset;
}

}  // namespace lowbit
