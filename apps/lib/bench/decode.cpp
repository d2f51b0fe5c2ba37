#include "apps/lib/bench/bench.h"
#include "apps/lib/bench/bench_model.h"
#include "apps/lib/bench/peak_memory.h"
#include "apps/lib/bench/timing.h"
#include "apps/lib/model/translator.h"
#include "autograd/grad_mode.h"
#include "core/error.h"
#include "core/random.h"
#include "nn/generate/generate.h"
#include "nn/generate/seq2seq_stepper.h"

namespace lowbit {
namespace {

/// A training forward gives learned scales their first values, as before any real freeze; then codes replace floats.
void freeze_calibrated(Seq2Seq& model) {
  const GradMode off(false);
  RandomState random{.key = 1};
  const Seq2SeqBatch batch = random_batch(model.config(), 1, 8, 8);
  cross_entropy_objective(model, batch, 0, {.training = true, .random = &random});
  freeze_tree(model);
}

/// Greedy, exactly `tokens` steps: the end of sentence is not allowed before and not forced after. The hf rule counts
/// the decoder start in both lengths.
GenerationConfig forced_length(const TransformerConfig& model, int64_t tokens) {
  return generation_for(model, {.rule = SearchRule::hf, .beam = 1, .max_len_b = tokens + 1, .min_len = tokens + 1});
}

}  // namespace

BenchResult bench_decode(const BenchOptions& options) {
  const std::unique_ptr<Seq2Seq> model = bench_model(options);
  if (options.recipe != "none") freeze_calibrated(*model);
  LB_REQUIRE(options.tokens < model->config().max_positions, ErrorKind::usage, "bench",
             "--tokens {} must be less than the model's {} positions", options.tokens, model->config().max_positions);
  const Seq2SeqBatch batch = random_batch(model->config(), options.batch, options.src, 1);
  const GenerationConfig search = forced_length(model->config(), options.tokens);
  const std::vector<GenerationRequest> requests(static_cast<size_t>(options.batch), {.source_length = options.src});

  const PeakMemory memory;
  BenchResult result{.phases = {{"token_s", {}}}, .tokens = static_cast<double>(options.batch)};
  run_rounds(options, [&](bool counts) {
    std::vector<std::vector<Hypothesis>> found;
    const double seconds = seconds_of([&] {
      Seq2SeqStepper stepper(*model, batch.source, batch.source_visible);
      found = generate(stepper, requests, search);
    });
    for (const auto& hypotheses : found)
      LB_CHECK(std::ssize(hypotheses.front().tokens) == options.tokens, "bench", "{} tokens came instead of {}",
               hypotheses.front().tokens.size(), options.tokens);
    if (counts) result.phases[0].seconds.push_back(seconds / static_cast<double>(options.tokens));
  });
  result.peak_bytes = memory.tensor_bytes();
  result.peak_rss_bytes = memory.resident_bytes();
  return result;
}

}  // namespace lowbit
