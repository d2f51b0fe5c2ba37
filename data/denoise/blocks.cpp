#include "data/denoise/blocks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"

namespace lowbit {
namespace {

bool is_full_stop(std::string_view piece) {
  return piece.ends_with('.') || piece.ends_with('!') || piece.ends_with('?');
}

/// mBART's blocks end with the language behind the </s> of the last sentence; the others end with </s> itself.
bool ends_with_language(const Framing& framing, const Tokenizer& tokenizer) {
  return framing.target_end != tokenizer.special_ids().eos;
}

/// Appends the blocks of one document.
class Cutter {
 public:
  Cutter(const Framing& framing, int64_t room, TokenRows& blocks) : framing_(framing), room_(room), blocks_(blocks) {}

  void add(std::vector<int32_t> sentence) {
    const auto size = [](const std::vector<int32_t>& tokens) { return std::ssize(tokens); };
    if (size(body_) + size(sentence) > room_) finish();
    while (size(sentence) > room_) {
      body_.assign(sentence.begin(), sentence.begin() + room_);
      sentence.erase(sentence.begin(), sentence.begin() + room_);
      finish();
    }
    body_.insert(body_.end(), sentence.begin(), sentence.end());
  }

  void finish() {
    if (drop_last_ >= 0 && !body_.empty() && body_.back() == drop_last_) body_.pop_back();
    if (body_.empty()) return;
    body_.insert(body_.begin(), framing_.target_begin.begin(), framing_.target_begin.end());
    blocks_.append(body_);
    body_.clear();
  }

  void drop_last(int32_t token) { drop_last_ = token; }  ///< of a block, which the framing says again

 private:
  const Framing& framing_;
  int64_t room_;
  TokenRows& blocks_;
  std::vector<int32_t> body_;
  int32_t drop_last_ = -1;
};

TokenRows blocks_of(const LanguageDocuments& corpus, const Tokenizer& tokenizer, const Framing& framing,
                    int64_t tokens_per_sample) {
  TokenRows blocks;
  const int32_t eos = tokenizer.special_ids().eos;
  Cutter cutter(framing, tokens_per_sample - 2, blocks);
  if (!ends_with_language(framing, tokenizer)) cutter.drop_last(eos);
  for (const Document& document : corpus.documents) {
    for (const std::string& sentence : document) {
      std::vector<int32_t> tokens = tokenizer.encode(sentence);
      if (!corpus.language.empty() && !tokens.empty()) tokens.push_back(eos);
      cutter.add(std::move(tokens));
    }
    cutter.finish();
  }
  return blocks;
}

/// `count` of 0 ... size - 1: all of them as often as they fit, then some at random.
std::vector<int64_t> draw(int64_t size, int64_t count, RandomState& random) {
  std::vector<int64_t> all(static_cast<size_t>(size)), drawn;
  std::iota(all.begin(), all.end(), 0);
  for (; std::ssize(drawn) + size <= count;) drawn.insert(drawn.end(), all.begin(), all.end());
  shuffle(std::span(all), random);
  drawn.insert(drawn.end(), all.begin(), all.begin() + count - std::ssize(drawn));
  return drawn;
}

}  // namespace

Framing block_framing(const Tokenizer& tokenizer, const std::string& language) {
  if (language.empty()) return tokenizer.framing();
  Framing framing = tokenizer.framing_for({language, language});
  if (!ends_with_language(framing, tokenizer)) return framing;
  framing.source_close.clear(), framing.target_close.clear();  // the blocks have the </s> of every sentence
  framing.source_begin = framing.target_begin = {tokenizer.special_ids().bos};
  return framing;
}

NoiseVocabulary noise_vocabulary(const Tokenizer& tokenizer, bool several_languages) {
  NoiseVocabulary vocabulary{.mask = tokenizer.find("<mask>")};
  LB_REQUIRE(vocabulary.mask >= 0, ErrorKind::usage, "denoise",
             "the vocabulary of {} pieces has no <mask>: pretraining needs one that `lowbit train --data.task "
             "denoising` made, "
             "or BART's or mBART's",
             tokenizer.vocab_size());
  for (int32_t id = 0; id < tokenizer.vocab_size(); ++id) {
    vocabulary.starts_word.push_back(tokenizer.starts_word(id));
    vocabulary.ends_sentence.push_back(several_languages ? id == tokenizer.special_ids().eos
                                                         : is_full_stop(tokenizer.piece(id)));
  }
  return vocabulary;
}

TokenDataset cut_blocks(const std::vector<LanguageDocuments>& corpus, const Tokenizer& tokenizer,
                        const BlockOptions& options) {
  LB_REQUIRE(options.tokens_per_sample >= 4, ErrorKind::usage, "denoise",
             "denoise.tokens_per_sample must be at least 4, not {}", options.tokens_per_sample);
  TokenDataset dataset;
  dataset.framings.clear();
  std::vector<TokenRows> blocks;
  for (const LanguageDocuments& part : corpus) {
    dataset.framings.push_back(block_framing(tokenizer, part.language));
    blocks.push_back(blocks_of(part, tokenizer, dataset.framings.back(), options.tokens_per_sample));
    LB_REQUIRE(blocks.back().size() > 0, ErrorKind::data, "denoise", "no text{} to cut into blocks",
               part.language.empty() ? "" : " of the language " + part.language);
  }
  double total = 0, weights = 0;
  for (const TokenRows& rows : blocks) total += static_cast<double>(rows.size());
  const auto weight = [&](const TokenRows& rows) {
    return std::pow(static_cast<double>(rows.size()) / total, options.sampling_alpha);
  };
  for (const TokenRows& rows : blocks) weights += weight(rows);
  RandomState random{philox_key(options.seed, 0x626c6f636b73), 0};
  for (size_t language = 0; language < blocks.size(); ++language) {
    const TokenRows& rows = blocks[language];
    const auto count = std::max<int64_t>(1, std::llround(weight(rows) / weights * total));
    for (const int64_t row : draw(rows.size(), count, random)) {
      dataset.source.append(rows[row]);
      dataset.target.append(rows[row]);
      dataset.framing_of.push_back(static_cast<int32_t>(language));
    }
  }
  return dataset;
}

}  // namespace lowbit
