#include "nn/generate/beam_search.h"

#include <algorithm>
#include <cmath>

#include "nn/generate/candidates.h"
#include "nn/generate/sampling.h"

namespace lowbit {
namespace {

Beam extend(const Beam& beam, const Candidate& candidate) {
  Beam longer = beam;
  longer.tokens.push_back(candidate.token);
  longer.token_scores.push_back(candidate.log_prob);
  longer.total = candidate.total;
  return longer;
}

}  // namespace

SentenceSearch::SentenceSearch(const GenerationConfig& config, const GenerationRequest& request)
    : config_(config), request_(request), constraints_(config, request), live_{Beam{{config.decoder_start}, {}, 0}} {}

std::vector<int32_t> SentenceSearch::advance(std::span<float> log_probs) {
  const size_t vocabulary = log_probs.size() / live_.size();
  for (size_t i = 0; i < live_.size(); ++i) {
    constraints_.apply(log_probs.subspan(i * vocabulary, vocabulary), live_[i].tokens);
  }
  // Twice the width: even if one candidate of every beam ends, `width` others remain.
  const std::vector<Candidate> candidates = config_.sampling
                                                ? sampled_candidates(live_, log_probs, config_, request_.id, step_)
                                                : best_candidates(live_, log_probs, 2 * config_.width());
  const bool last = step_ == constraints_.last_step();

  std::vector<Beam> next;
  std::vector<int32_t> parents;
  for (int64_t rank = 0; rank < std::ssize(candidates); ++rank) {
    const Candidate& candidate = candidates[static_cast<size_t>(rank)];
    const Beam& parent = live_[static_cast<size_t>(candidate.beam)];
    if (candidate.token == config_.eos || last) {
      if (rank < config_.width()) finish(extend(parent, candidate));
    } else if (std::ssize(next) < config_.width()) {
      next.push_back(extend(parent, candidate));
      parents.push_back(candidate.beam);
    }
  }
  if (next.empty() && finished_.empty()) {  // the constraints left no way on
    for (const Beam& beam : live_) finish(beam);
  }
  if (last || has_ended(next)) next.clear(), parents.clear();
  live_ = std::move(next);
  ++step_;
  return parents;
}

double SentenceSearch::score(double total, int64_t length) const {
  if (config_.rule == SearchRule::hf) length -= std::ssize(request_.prefix);
  return total / std::pow(static_cast<double>(std::max<int64_t>(1, length)), config_.length_penalty);
}

void SentenceSearch::finish(const Beam& beam) {
  const bool full = std::ssize(finished_) == config_.width();
  if (full && config_.rule == SearchRule::fairseq) return;
  Hypothesis hypothesis{
      {beam.tokens.begin() + 1, beam.tokens.end()}, beam.token_scores, score(beam.total, std::ssize(beam.tokens) - 1)};
  const auto place = std::ranges::upper_bound(finished_, hypothesis.score, std::ranges::greater{}, &Hypothesis::score);
  finished_.insert(place, std::move(hypothesis));
  if (full) finished_.pop_back();
}

bool SentenceSearch::has_ended(const std::vector<Beam>& next) const {
  if (next.empty()) return true;
  if (std::ssize(finished_) < config_.width()) return false;
  if (config_.rule == SearchRule::fairseq || config_.early_stopping == EarlyStopping::yes) return true;
  if (config_.width() == 1) return true;  // greedy search
  const bool hope = config_.early_stopping == EarlyStopping::never && config_.length_penalty > 0;
  const int64_t length = hope ? constraints_.last_step() + 1 : step_ + 1;
  return score(next.front().total, length) <= finished_.back().score;
}

std::vector<Hypothesis> SentenceSearch::hypotheses() const {
  return {finished_.begin(), finished_.begin() + std::min(config_.n_best, std::ssize(finished_))};
}

}  // namespace lowbit
