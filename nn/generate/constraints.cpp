#include "nn/generate/constraints.h"

#include <algorithm>
#include <limits>

namespace lowbit {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

void ban(std::span<float> log_probs, int32_t token) {
  if (token != kNoToken) log_probs[static_cast<size_t>(token)] = kNever;
}

void force(std::span<float> log_probs, int32_t token, float score) {
  std::ranges::fill(log_probs, kNever);
  log_probs[static_cast<size_t>(token)] = score;
}

/// Bans every token that would complete an n-gram that `tokens` already holds.
void ban_repeated_ngrams(std::span<float> log_probs, const std::vector<int32_t>& tokens, int64_t n) {
  const auto context = tokens.end() - std::min<int64_t>(n - 1, std::ssize(tokens));
  for (auto last = tokens.begin() + (tokens.end() - context); last < tokens.end(); ++last) {
    if (std::equal(context, tokens.end(), last - (tokens.end() - context))) ban(log_probs, *last);
  }
}

}  // namespace

Constraints::Constraints(const GenerationConfig& config, const GenerationRequest& request)
    : config_(config), request_(request) {
  int64_t length =
      static_cast<int64_t>(config.max_len_a * static_cast<double>(request.source_length)) + config.max_len_b;
  const bool hf = config.rule == SearchRule::hf;
  if (config.max_positions > 0) length = std::min(length, hf ? config.max_positions : config.max_positions - 1);
  // The hf rule counts the decoder start, and its last step is the one that fills the length.
  last_step_ = std::max<int64_t>(0, hf ? length - 2 : length);
  min_steps_ = hf ? config.min_len - 1 : config.min_len;
}

int32_t Constraints::forced_token(int64_t step) const {
  if (step == last_step_) {
    const int32_t last = config_.rule == SearchRule::fairseq ? config_.eos : config_.forced_eos;
    if (last != kNoToken) return last;
  }
  if (step < std::ssize(request_.prefix)) return request_.prefix[static_cast<size_t>(step)];
  return step == 0 ? config_.forced_bos : kNoToken;
}

void Constraints::apply(std::span<float> log_probs, const std::vector<int32_t>& tokens) const {
  const int64_t step = std::ssize(tokens) - 1;
  const bool hf = config_.rule == SearchRule::hf;
  const int32_t forced = forced_token(step);

  if (!hf) ban(log_probs, config_.pad);
  if (config_.unk != kNoToken) log_probs[static_cast<size_t>(config_.unk)] -= static_cast<float>(config_.unk_penalty);
  if (forced != kNoToken) {
    force(log_probs, forced, hf ? 0.0f : log_probs[static_cast<size_t>(forced)]);
  } else if (step < min_steps_) {
    ban(log_probs, config_.eos);
  }
  const bool exempt = hf && forced != kNoToken;
  if (config_.no_repeat_ngram > 0 && !exempt) ban_repeated_ngrams(log_probs, tokens, config_.no_repeat_ngram);
}

}  // namespace lowbit
