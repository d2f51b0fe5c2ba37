#include "nn/generate/config.h"

#include "core/error.h"

namespace lowbit {
namespace {

void require(bool condition, const char* rule) { LB_REQUIRE(condition, ErrorKind::usage, "generation", "{}", rule); }

}  // namespace

void GenerationConfig::validate() const {
  require(beam >= 1, "beam must be at least 1");
  require(n_best >= 1, "n_best must be at least 1");
  require(sampling || n_best <= beam, "n_best must not exceed beam");
  require(max_len_a >= 0 && max_len_b >= 0, "max_len_a and max_len_b must not be negative");
  require(max_positions >= 0, "max_positions must not be negative");
  require(temperature > 0, "temperature must be positive");
  require(no_repeat_ngram >= 0, "no_repeat_ngram must not be negative");
  require(top_k >= 0, "top_k must not be negative");
  require(top_p > 0 && top_p <= 1, "top_p must lie in (0, 1]");
  require(eos >= 0 && decoder_start >= 0, "eos and decoder_start must be token ids");
}

}  // namespace lowbit
