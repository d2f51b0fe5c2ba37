#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/random.h"

namespace lowbit {

enum class MaskLength : uint8_t { subword, word, span_poisson };

/// Names and meanings of fairseq's denoising task. The defaults are BART's settings (fairseq issue 1899), not fairseq's
/// own, which are nobody's; the paper (Lewis et al. 2020) gives 3 for lambda, mBART's (Liu et al. 2020) 0.35 for mask.
struct NoiseOptions {
  double mask = 0.3;  ///< share of the words to cover
  MaskLength mask_length = MaskLength::span_poisson;
  double poisson_lambda = 3.5;   ///< mean words of a span
  int64_t replace_length = 1;    ///< of a covered span: 0 deletes it, 1 puts one <mask>, -1 one for each token
  double mask_random = 0.1;      ///< share of the spans that show a random token in place of <mask>
  double permute_sentences = 1;  ///< share of the sentences that change places among themselves
  double insert = 0;             ///< tokens put in between, of the length
  double rotate = 0;             ///< probability that the document begins somewhere else
  void validate() const;         ///< Error (usage) naming the option that is out of range
};

/// What noise must know of a vocabulary.
struct NoiseVocabulary {
  int32_t mask = -1;                                ///< the id of <mask>
  std::vector<uint8_t> starts_word, ends_sentence;  ///< by id, 1 for yes
  int64_t size() const { return static_cast<int64_t>(starts_word.size()); }
};

/// The corruption of BART's pretraining, a function of block and random state alone. Order: sentences are permuted,
/// words or spans masked, tokens inserted, the whole rotated. The first and the last token of a block (<s>, a language;
/// </s>) stay where they are.
class Noise {
 public:
  Noise(const NoiseOptions& options, NoiseVocabulary vocabulary);

  std::vector<int32_t> apply(std::span<const int32_t> block, RandomState random) const;

  const NoiseOptions& options() const { return options_; }
  const NoiseVocabulary& vocabulary() const { return vocabulary_; }

 private:
  using Tokens = std::vector<int32_t>;
  Tokens permute_sentences(const Tokens& tokens, RandomState& random) const;
  Tokens mask(Tokens tokens, RandomState& random) const;
  Tokens insert(const Tokens& tokens, int64_t count, RandomState& random) const;
  Tokens rotate(const Tokens& tokens, RandomState& random) const;
  int32_t random_token(RandomState& random) const;  ///< uniform in [1, size)
  /// Lengths of spans that cover `words` words together; those of no word are only counted.
  std::vector<int64_t> span_lengths(int64_t words, int64_t& empty, RandomState& random) const;

  NoiseOptions options_;
  NoiseVocabulary vocabulary_;
  std::vector<double> cumulative_;  ///< of the Poisson distribution, cut where a length has less than 1e-7
};

}  // namespace lowbit
