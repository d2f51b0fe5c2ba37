#include "nn/generate/generate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "autograd/profiler.h"
#include "core/error.h"
#include "core/ops/softmax.h"
#include "nn/generate/beam_search.h"

namespace lowbit {
namespace {

constexpr int64_t kParallelElements = 1 << 15;  ///< below this many logits waking threads costs more than it saves

Tensor log_softmax(const Tensor& logits, double temperature) {
  const Tensor result = ops::log_softmax(logits, 1 / temperature);
  const int64_t rows = logits.shape().rows(), vocabulary = logits.shape().last();
  for (int64_t row = 0; row < rows; ++row)  // one bad logit spoils its row
    LB_REQUIRE(!std::isnan(result.data<float>()[row * vocabulary]), ErrorKind::diverged, "generation",
               "the model's logits hold NaN or infinity");
  return result;
}

void check_tokens(const std::vector<GenerationRequest>& requests, const GenerationConfig& config, int64_t vocabulary) {
  const auto check = [&](int32_t token, const char* what) {
    LB_REQUIRE(token >= kNoToken && token < vocabulary, ErrorKind::usage, "generation",
               "{} {} is outside the vocabulary of {} tokens", what, token, vocabulary);
  };
  check(config.eos, "eos");
  check(config.pad, "pad");
  check(config.unk, "unk");
  check(config.forced_bos, "forced_bos");
  check(config.forced_eos, "forced_eos");
  for (const GenerationRequest& request : requests) {
    for (const int32_t token : request.prefix) check(token, "prefix token");
  }
}

std::vector<int32_t> last_tokens(const std::vector<SentenceSearch>& searches) {
  std::vector<int32_t> tokens;
  for (const SentenceSearch& search : searches) {
    for (const Beam& beam : search.live()) tokens.push_back(beam.tokens.back());
  }
  return tokens;
}

/// One step of every search. Returns for each new row of the batch the row that it continues.
std::vector<int32_t> advance(std::vector<SentenceSearch>& searches, Tensor& log_probs) {
  const int64_t vocabulary = log_probs.shape().last();
  std::vector<int64_t> first_row(searches.size() + 1, 0);
  for (size_t i = 0; i < searches.size(); ++i) first_row[i + 1] = first_row[i] + std::ssize(searches[i].live());

  float* values = log_probs.mutable_data<float>();
  std::vector<std::vector<int32_t>> parents(searches.size());
#pragma omp parallel for schedule(dynamic) if (log_probs.numel() > kParallelElements)
  for (size_t i = 0; i < searches.size(); ++i) {
    const int64_t rows = first_row[i + 1] - first_row[i];
    if (rows == 0) continue;
    parents[i] = searches[i].advance({values + first_row[i] * vocabulary, static_cast<size_t>(rows * vocabulary)});
  }

  std::vector<int32_t> source;
  for (size_t i = 0; i < searches.size(); ++i) {
    for (const int32_t parent : parents[i]) source.push_back(static_cast<int32_t>(first_row[i]) + parent);
  }
  return source;
}

bool is_identity(const std::vector<int32_t>& source, int64_t rows) {
  std::vector<int32_t> identity(static_cast<size_t>(rows));
  std::iota(identity.begin(), identity.end(), 0);
  return source == identity;
}

}  // namespace

std::vector<std::vector<Hypothesis>> generate(Stepper& stepper, const std::vector<GenerationRequest>& requests,
                                              const GenerationConfig& config) {
  config.validate();
  std::vector<SentenceSearch> searches;
  for (const GenerationRequest& request : requests) searches.emplace_back(config, request);

  std::vector<int32_t> tokens = last_tokens(searches);
  for (int64_t step = 0; !tokens.empty(); ++step) {
    const Tensor logits = stepper.step(tokens);
    LB_CHECK(logits.shape().rank() == 2 && logits.shape()[0] == std::ssize(tokens), "generation",
             "a step of {} rows gave logits {}", tokens.size(), logits.shape().str());
    if (step == 0) check_tokens(requests, config, logits.shape().last());
    Tensor log_probs = log_softmax(logits, config.temperature);
    const std::vector<int32_t> source = advance(searches, log_probs);
    if (!source.empty() && !is_identity(source, std::ssize(tokens))) stepper.reorder(source);
    tokens = last_tokens(searches);
    Profiler::mark("search");
  }

  std::vector<std::vector<Hypothesis>> results;
  for (const SentenceSearch& search : searches) results.push_back(search.hypotheses());
  return results;
}

}  // namespace lowbit
