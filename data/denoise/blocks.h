#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "data/batch/token_dataset.h"
#include "data/corpus/documents.h"
#include "data/denoise/noise.h"
#include "data/tokenizer/tokenizer.h"

namespace lowbit {

/// The documents of one language; none for a model of one language.
struct LanguageDocuments {
  std::string language;
  std::vector<Document> documents;
};

struct BlockOptions {
  int64_t tokens_per_sample = 512;  ///< longest block, first and last token counted
  double sampling_alpha = 1;        ///< languages are drawn by their share of the blocks to this power
  uint64_t seed = 1;                ///< of that draw
};

/// How a clean block is framed. One language: as the tokenizer frames its targets. Several, in a vocabulary of ours:
/// "[de] X </s>" on both sides; in mBART's: "<s> X [de]", where [de] starts the decoder too.
Framing block_framing(const Tokenizer& tokenizer, const std::string& language);

/// What noise must know of a tokenizer's vocabulary. A sentence ends with the token that is a full stop, or in several
/// languages with the </s> that cut_blocks puts there. Error (usage): it has no <mask>.
NoiseVocabulary noise_vocabulary(const Tokenizer& tokenizer, bool several_languages);

/// Documents cut into blocks of whole sentences (fairseq's complete_doc); a sentence that is longer than a block is cut
/// too. Row i of both sides is a clean block without its last token, as TokenDataset has them; the batches become what
/// a model learns from by Denoising. With languages, every sentence ends with </s> (mBART), and the blocks are
/// resampled: a language of share p gets a share proportional to p^alpha, with repetition where that is more than it
/// has. The draw is one for the whole run, because a Batcher's epochs all hold the same lengths; noise differs anyway.
/// Errors (data): no block; (usage) a language without a token.
TokenDataset cut_blocks(const std::vector<LanguageDocuments>& corpus, const Tokenizer& tokenizer,
                        const BlockOptions& options);

}  // namespace lowbit
