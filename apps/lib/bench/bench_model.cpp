#include "apps/lib/bench/bench_model.h"

#include "apps/lib/model/batch_tensors.h"
#include "apps/lib/model/recipe_folder.h"
#include "core/error.h"
#include "core/random.h"

namespace lowbit {
namespace {

constexpr int32_t kFirstPlainToken = 4;  // after <s>, <pad>, </s>, <unk>
constexpr uint64_t kModelSeed = 1, kTokenSeed = 2;

std::vector<int32_t> random_tokens(int64_t count, int64_t vocab, RandomState& random) {
  std::vector<int32_t> ids(static_cast<size_t>(count));
  const auto plain = static_cast<uint64_t>(vocab - kFirstPlainToken);
  for (int32_t& id : ids) id = kFirstPlainToken + static_cast<int32_t>(random.next_below(plain));
  return ids;
}

void check_length(const char* option, int64_t length, const TransformerConfig& model) {
  LB_REQUIRE(length <= model.max_positions, ErrorKind::usage, "bench", "{} {} is more than the model's {} positions",
             option, length, model.max_positions);
}

}  // namespace

std::unique_ptr<Seq2Seq> bench_float_model(const BenchOptions& options) {
  return std::make_unique<Seq2Seq>(transformer_preset(options.model), kModelSeed);
}

std::unique_ptr<Seq2Seq> bench_model(const BenchOptions& options) {
  const bool quantized = options.recipe != "none";
  LB_REQUIRE(quantized || options.output_bits == 0, ErrorKind::usage, "bench",
             "--output-bits changes a recipe: give --recipe NAME with it");
  LB_REQUIRE(quantized || options.dtype != ops::MatmulPrecision::int8, ErrorKind::usage, "bench",
             "int8 is of quantized layers, and a float model has none: give --recipe NAME with it, or --dtype bf16");
  std::unique_ptr<Seq2Seq> model = bench_float_model(options);
  if (quantized) apply_recipe(*model, options.recipe, options.output_bits);
  return model;
}

Seq2SeqBatch random_batch(const TransformerConfig& model, int64_t rows, int64_t source_length, int64_t target_length) {
  check_length("--src", source_length, model);
  check_length("--tgt", target_length, model);
  RandomState random{.key = kTokenSeed};
  const auto source_lengths = std::vector<int32_t>(static_cast<size_t>(rows), static_cast<int32_t>(source_length));
  const auto target_lengths = std::vector<int32_t>(static_cast<size_t>(rows), static_cast<int32_t>(target_length));
  return to_tensors({.rows = rows,
                     .source_length = source_length,
                     .target_length = target_length,
                     .source = random_tokens(rows * source_length, model.vocab, random),
                     .target_in = random_tokens(rows * target_length, model.vocab, random),
                     .target_out = random_tokens(rows * target_length, model.vocab, random),
                     .source_lengths = source_lengths,
                     .target_lengths = target_lengths,
                     .target_tokens = rows * target_length});
}

}  // namespace lowbit
