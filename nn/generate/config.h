#pragma once

#include <cstdint>

namespace lowbit {

/// Whose conventions decide lengths, forced tokens and the end of the search (cases where they differ: see the fields).
enum class SearchRule : uint8_t { fairseq, hf };

/// When the hf rule stops a sentence that has `beam` hypotheses (fairseq's rule always stops there).
enum class EarlyStopping : uint8_t {
  no,     ///< once the best live beam, scored at its present length, cannot beat the worst hypothesis
  yes,    ///< at once
  never,  ///< the same as `no`, but the live beam is scored at the maximum length when length_penalty > 0
};

constexpr int32_t kNoToken = -1;

/// How to turn next-token distributions into sentences.
struct GenerationConfig {
  SearchRule rule = SearchRule::fairseq;
  int64_t beam = 5;
  int64_t n_best = 1;  ///< hypotheses returned, at most `beam`; with sampling, the number of samples

  /// Maximum length max_len_a * source_length + max_len_b. fairseq: tokens before eos, which is then forced.
  /// hf: tokens with the decoder start; the last one need not be eos. The source length is the sentence's own, not
  /// the padded batch's as in fairseq, so that a result does not depend on its batch.
  double max_len_a = 0;
  int64_t max_len_b = 200;
  int64_t max_positions = 0;    ///< positions of the decoder, a further limit; 0: none
  int64_t min_len = 1;          ///< tokens before eos; the hf rule counts the decoder start as one
  double length_penalty = 1;    ///< score = sum of log-probabilities / length^length_penalty; 0: the plain sum
  double unk_penalty = 0;       ///< subtracted from the log-probability of `unk`
  double temperature = 1;       ///< logits are divided by it
  int64_t no_repeat_ngram = 0;  ///< no n-gram of this size twice, decoder start included; 0: allowed
  EarlyStopping early_stopping = EarlyStopping::no;

  bool sampling = false;  ///< draw tokens instead of searching
  int64_t top_k = 0;      ///< sampling: only the k most probable tokens; 0: all
  double top_p = 1;       ///< sampling: only the fewest tokens whose probability reaches p (after top_k)
  uint64_t seed = 1;

  int32_t decoder_start = 2;
  int32_t eos = 2;
  int32_t pad = 1;  ///< fairseq's rule never produces it; Hugging Face's may
  int32_t unk = 3;
  int32_t forced_bos = kNoToken;  ///< first token of every sentence without a prefix
  int32_t forced_eos = kNoToken;  ///< hf: last token of a sentence of maximum length (fairseq always forces eos)

  /// Hypotheses that a search collects for a sentence.
  int64_t width() const { return sampling ? n_best : beam; }
  /// Error (usage) naming the first option that is out of range.
  void validate() const;
};

}  // namespace lowbit
