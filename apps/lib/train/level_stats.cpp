#include "apps/lib/train/level_stats.h"

#include <cmath>
#include <numeric>

#include "core/quant/qtensor.h"

namespace lowbit {
namespace {

constexpr int kMostBits = 4;

double entropy_bits(const std::vector<int64_t>& counts) {
  const double total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  double bits = 0;
  for (const int64_t count : counts)
    if (count > 0) bits -= static_cast<double>(count) / total * std::log2(static_cast<double>(count) / total);
  return bits;
}

template <class Field>
double weighted_mean(const std::vector<LevelStats::Weight>& weights, Field field) {
  double sum = 0, total = 0;
  for (const LevelStats::Weight& w : weights) {
    const auto size = static_cast<double>(std::accumulate(w.counts.begin(), w.counts.end(), int64_t{0}));
    sum += field(w) * size;
    total += size;
  }
  return total > 0 ? sum / total : 0;
}

}  // namespace

std::vector<LevelStats::Weight> LevelStats::look(Module& root) {
  std::vector<Weight> weights;
  root.each_weight_codes([&](const std::string& path, const QTensor& q) {
    const CodeRange range = range_of(q.book);
    if (range.bits > kMostBits) return;
    Weight weight{.path = path};
    for (int32_t level = range.low; level <= range.high; ++level)
      if (q.book != CodeBook::binary || level != 0) weight.values.push_back(level);
    weight.counts.resize(weight.values.size());
    std::vector<int8_t> codes = q.codes.to_vector<int8_t>();
    for (const int8_t code : codes) {
      const size_t index =
          q.book == CodeBook::binary ? static_cast<size_t>(code > 0) : static_cast<size_t>(code - range.low);
      ++weight.counts[index];
    }
    weight.entropy = entropy_bits(weight.counts);
    std::vector<int8_t>& last = last_[path];
    if (last.size() == codes.size()) {
      int64_t changed = 0;
      for (size_t i = 0; i < codes.size(); ++i) changed += codes[i] != last[i];
      weight.flip = static_cast<double>(changed) / static_cast<double>(codes.size());
    }
    last = std::move(codes);
    weights.push_back(std::move(weight));
  });
  return weights;
}

double mean_entropy(const std::vector<LevelStats::Weight>& weights) {
  return weighted_mean(weights, [](const auto& w) { return w.entropy; });
}

double mean_flip(const std::vector<LevelStats::Weight>& weights) {
  return weighted_mean(weights, [](const auto& w) { return w.flip; });
}

nlohmann::ordered_json to_json(const std::vector<LevelStats::Weight>& weights) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const LevelStats::Weight& w : weights)
    list.push_back(
        {{"path", w.path}, {"values", w.values}, {"counts", w.counts}, {"entropy", w.entropy}, {"flip", w.flip}});
  return list;
}

}  // namespace lowbit
