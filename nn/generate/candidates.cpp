#include "nn/generate/candidates.h"

#include <algorithm>
#include <cmath>
#include <ranges>
#include <tuple>

namespace lowbit {

namespace {

constexpr size_t kFew = 64, kRun = 256, kLanes = 16;

/// Of a few tokens all but a handful of runs hold none, which the maximum of a run tells.
std::vector<int32_t> few_top_tokens(std::span<const float> log_probs, size_t count) {
  std::vector<int32_t> best;  // in order
  best.reserve(count + 1);
  for (size_t begin = 0; begin < log_probs.size(); begin += kRun) {
    const auto run = log_probs.subspan(begin, std::min(kRun, log_probs.size() - begin));
    if (best.size() == count && run.size() == kRun) {
      float highest[kLanes];  // maxima side by side, which compile to vectors
      std::copy_n(run.begin(), kLanes, highest);
      for (size_t i = kLanes; i < kRun; i += kLanes)
        for (size_t j = 0; j < kLanes; ++j) highest[j] = run[i + j] > highest[j] ? run[i + j] : highest[j];
      if (*std::ranges::max_element(highest) <= log_probs[static_cast<size_t>(best.back())]) continue;
    }
    for (size_t i = 0; i < run.size(); ++i) {
      if (best.size() == count && run[i] <= log_probs[static_cast<size_t>(best.back())]) continue;
      const auto place = std::ranges::upper_bound(best, run[i], std::ranges::greater{},
                                                  [&](int32_t id) { return log_probs[static_cast<size_t>(id)]; });
      best.insert(place, static_cast<int32_t>(begin + i));
      if (best.size() > count) best.pop_back();
    }
  }
  return best;
}

}  // namespace

std::vector<int32_t> top_tokens(std::span<const float> log_probs, int64_t count) {
  const size_t wanted = std::min(static_cast<size_t>(count), log_probs.size());
  if (wanted > 0 && wanted <= kFew) return few_top_tokens(log_probs, wanted);
  const auto ids = std::views::iota(int32_t{0}, static_cast<int32_t>(log_probs.size()));
  const auto better = [&](int32_t a, int32_t b) {
    const float x = log_probs[static_cast<size_t>(a)], y = log_probs[static_cast<size_t>(b)];
    return x > y || (x == y && a < b);
  };
  std::vector<int32_t> best(wanted);
  std::partial_sort_copy(ids.begin(), ids.end(), best.begin(), best.end(), better);
  return best;
}

std::vector<Candidate> best_candidates(const std::vector<Beam>& beams, std::span<const float> log_probs,
                                       int64_t count) {
  const size_t vocabulary = log_probs.size() / beams.size();
  std::vector<Candidate> candidates;
  for (size_t i = 0; i < beams.size(); ++i) {
    const auto row = log_probs.subspan(i * vocabulary, vocabulary);
    for (const int32_t token : top_tokens(row, count)) {
      const float log_prob = row[static_cast<size_t>(token)];
      if (std::isinf(log_prob)) break;
      candidates.push_back({static_cast<int32_t>(i), token, log_prob, beams[i].total + static_cast<double>(log_prob)});
    }
  }
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    return std::tuple(-a.total, a.beam, a.token) < std::tuple(-b.total, b.beam, b.token);
  });
  candidates.resize(std::min(candidates.size(), static_cast<size_t>(count)));
  return candidates;
}

}  // namespace lowbit
