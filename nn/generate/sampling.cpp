#include "nn/generate/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/random.h"
#include "nn/generate/candidates.h"

namespace lowbit {
namespace {

constexpr int64_t kFirstNucleus = 64;  ///< tokens sorted at first when only top_p limits the choice

double mass(std::span<const float> log_probs, std::span<const int32_t> tokens) {
  return std::accumulate(tokens.begin(), tokens.end(), 0.0, [&](double sum, int32_t token) {
    return sum + std::exp(static_cast<double>(log_probs[static_cast<size_t>(token)]));
  });
}

/// The tokens that may be drawn.
std::vector<int32_t> kept_tokens(std::span<const float> log_probs, int64_t top_k, double top_p) {
  const int64_t vocabulary = std::ssize(log_probs);
  const int64_t limit = top_k > 0 ? std::min(top_k, vocabulary) : vocabulary;
  std::vector<int32_t> tokens(static_cast<size_t>(vocabulary));
  std::iota(tokens.begin(), tokens.end(), 0);
  if (limit < vocabulary) tokens = top_tokens(log_probs, limit);
  if (top_p >= 1) return tokens;

  const double wanted = top_p * mass(log_probs, tokens);
  for (int64_t count = kFirstNucleus;; count *= 4) {
    std::vector<int32_t> sorted = top_tokens(log_probs, std::min(count, limit));
    double sum = 0;
    for (size_t i = 0; i < sorted.size(); ++i) {
      sum += mass(log_probs, std::span(sorted).subspan(i, 1));
      if (sum >= wanted) {
        sorted.resize(i + 1);
        return sorted;
      }
    }
    if (count >= limit) return sorted;  // rounding left the sum just below
  }
}

/// [0, 1) with 53 random bits.
double uniform(const GenerationConfig& config, uint64_t id, int64_t step, size_t draw) {
  const auto bits = philox(config.seed, id, static_cast<uint64_t>(step) << 32 | draw);
  return static_cast<double>((static_cast<uint64_t>(bits[0]) << 32 | bits[1]) >> 11) * 0x1p-53;
}

}  // namespace

int32_t draw_token(std::span<const float> log_probs, int64_t top_k, double top_p, double uniform) {
  const std::vector<int32_t> tokens = kept_tokens(log_probs, top_k, top_p);
  double rest = uniform * mass(log_probs, tokens);
  int32_t drawn = kNoToken;
  for (const int32_t token : tokens) {
    const float log_prob = log_probs[static_cast<size_t>(token)];
    if (std::isinf(log_prob)) continue;
    drawn = token;
    rest -= std::exp(static_cast<double>(log_prob));
    if (rest < 0) break;
  }
  return drawn;
}

std::vector<Candidate> sampled_candidates(const std::vector<Beam>& beams, std::span<const float> log_probs,
                                          const GenerationConfig& config, uint64_t id, int64_t step) {
  const size_t vocabulary = log_probs.size() / beams.size();
  const size_t draws = step == 0 ? static_cast<size_t>(config.n_best) : beams.size();
  std::vector<Candidate> candidates;
  for (size_t i = 0; i < draws; ++i) {
    const size_t beam = step == 0 ? 0 : i;
    const auto row = log_probs.subspan(beam * vocabulary, vocabulary);
    const int32_t token = draw_token(row, config.top_k, config.top_p, uniform(config, id, step, i));
    if (token == kNoToken) continue;
    const float log_prob = row[static_cast<size_t>(token)];
    candidates.push_back(
        {static_cast<int32_t>(beam), token, log_prob, beams[beam].total + static_cast<double>(log_prob)});
  }
  return candidates;
}

}  // namespace lowbit
