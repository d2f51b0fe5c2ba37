#include "nn/generate/candidates.h"

#include <algorithm>
#include <cmath>
#include <ranges>
#include <tuple>

namespace lowbit {

std::vector<int32_t> top_tokens(std::span<const float> log_probs, int64_t count) {
  const auto ids = std::views::iota(int32_t{0}, static_cast<int32_t>(log_probs.size()));
  const auto better = [&](int32_t a, int32_t b) {
    const float x = log_probs[static_cast<size_t>(a)], y = log_probs[static_cast<size_t>(b)];
    return x > y || (x == y && a < b);
  };
  std::vector<int32_t> best(std::min(static_cast<size_t>(count), log_probs.size()));
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
