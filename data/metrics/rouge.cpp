#include "data/metrics/rouge.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>

#include "data/metrics/ngrams.h"
#include "data/metrics/porter_stemmer.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

bool is_word_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::vector<std::string> rouge_tokens(std::string_view text, bool stemmer) {
  constexpr size_t kLongestUnstemmed = 3;
  const std::string lowered = to_lower(text);
  std::vector<std::string> tokens;
  for (auto at = lowered.begin(); at != lowered.end();) {
    const auto end = std::find_if_not(at, lowered.end(), is_word_character);
    if (end == at) {
      ++at;
      continue;
    }
    std::string word(at, end);
    tokens.push_back(stemmer && word.size() > kLongestUnstemmed ? porter_stem(word) : std::move(word));
    at = end;
  }
  return tokens;
}

std::vector<std::string_view> sentences(std::string_view text, bool split_at_marks) {
  std::vector<std::string_view> pieces;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    constexpr std::string_view kMarks = ".!?", kBlanks = " \t";
    const bool is_end_mark = split_at_marks && i > 0 && kBlanks.find(text[i]) != std::string_view::npos &&
                             kMarks.find(text[i - 1]) != std::string_view::npos;
    if (text[i] != '\n' && !is_end_mark) continue;
    if (i > begin) pieces.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  if (text.size() > begin) pieces.push_back(text.substr(begin));
  return pieces;
}

RougeScore from_hits(int64_t hits, size_t hypothesis, size_t reference) {
  RougeScore score;
  if (hits == 0) return score;
  score.precision = static_cast<double>(hits) / static_cast<double>(hypothesis);
  score.recall = static_cast<double>(hits) / static_cast<double>(reference);
  score.f1 = 2 * score.precision * score.recall / (score.precision + score.recall);
  return score;
}

RougeScore rouge_n(const TokenIds& hypothesis, const TokenIds& reference, int order) {
  return from_hits(clipped_matches(count_ngrams(hypothesis, order), count_ngrams(reference, order)),
                   static_cast<size_t>(ngram_total(hypothesis.size(), order)),
                   static_cast<size_t>(ngram_total(reference.size(), order)));
}

/// A longest common subsequence of a reference and a hypothesis. Of several the one is taken whose path goes back along
/// the reference unless going back along the hypothesis is strictly longer, which rouge_score's numbers depend on.
class CommonSubsequence {
 public:
  CommonSubsequence(const TokenIds& reference, const TokenIds& hypothesis)
      : rows_(reference.size()), columns_(hypothesis.size()), steps_(rows_ * columns_) {
    std::vector<int64_t> above(columns_ + 1), row(columns_ + 1);  // lengths for one reference word less, and with it
    for (size_t i = 0; i < rows_; ++i) {
      for (size_t j = 0; j < columns_; ++j) {
        Step& step = steps_[i * columns_ + j];
        if (reference[i] == hypothesis[j]) {
          step = Step::both;
          row[j + 1] = above[j] + 1;
        } else {
          step = row[j] > above[j + 1] ? Step::hypothesis : Step::reference;
          row[j + 1] = std::max(row[j], above[j + 1]);
        }
      }
      std::swap(above, row);
    }
    length_ = above.back();
  }

  int64_t length() const { return length_; }

  void mark_reference(std::vector<bool>& marked) const {
    for (size_t i = rows_, j = columns_; i > 0 && j > 0;) {
      const Step step = steps_[(i - 1) * columns_ + j - 1];
      if (step == Step::both) marked[i - 1] = true;
      if (step != Step::hypothesis) --i;
      if (step != Step::reference) --j;
    }
  }

 private:
  enum class Step : uint8_t { both, reference, hypothesis };

  size_t rows_, columns_;
  std::vector<Step> steps_;  ///< [reference, hypothesis] the way back from the end of both
  int64_t length_ = 0;
};

RougeScore rouge_l(const TokenIds& hypothesis, const TokenIds& reference) {
  return from_hits(CommonSubsequence(reference, hypothesis).length(), hypothesis.size(), reference.size());
}

using Sentences = std::vector<TokenIds>;

RougeScore rouge_lsum(const Sentences& hypothesis, const Sentences& reference) {
  size_t hypothesis_length = 0, reference_length = 0;
  std::unordered_map<char32_t, int64_t> hypothesis_left, reference_left;
  for (const TokenIds& sentence : hypothesis) {
    hypothesis_length += sentence.size();
    for (const char32_t token : sentence) ++hypothesis_left[token];
  }
  for (const TokenIds& sentence : reference) {
    reference_length += sentence.size();
    for (const char32_t token : sentence) ++reference_left[token];
  }
  int64_t hits = 0;
  for (const TokenIds& sentence : reference) {
    std::vector<bool> marked(sentence.size());
    for (const TokenIds& other : hypothesis) CommonSubsequence(sentence, other).mark_reference(marked);
    for (size_t i = 0; i < sentence.size(); ++i) {
      if (!marked[i] || hypothesis_left[sentence[i]] == 0 || reference_left[sentence[i]] == 0) continue;
      ++hits;
      --hypothesis_left[sentence[i]];
      --reference_left[sentence[i]];
    }
  }
  return from_hits(hits, hypothesis_length, reference_length);
}

/// A text as ROUGE sees it.
struct RougeText {
  TokenIds words;
  Sentences sentences;
};

RougeText prepare(std::string_view text, const RougeOptions& options, TokenInterner& interner) {
  RougeText result;
  result.words = interner.ids(rouge_tokens(text, options.stemmer));
  for (const std::string_view sentence : sentences(text, options.split_sentences)) {
    result.sentences.push_back(interner.ids(rouge_tokens(sentence, options.stemmer)));
  }
  return result;
}

RougeScores compare(const RougeText& hypothesis, const RougeText& reference) {
  return {rouge_n(hypothesis.words, reference.words, 1), rouge_n(hypothesis.words, reference.words, 2),
          rouge_l(hypothesis.words, reference.words), rouge_lsum(hypothesis.sentences, reference.sentences)};
}

}  // namespace

std::string_view name_of(RougeVariant variant) {
  constexpr std::array<std::string_view, kRougeVariants.size()> kNames = {"rouge1", "rouge2", "rougeL", "rougeLsum"};
  return kNames[static_cast<size_t>(variant)];
}

RougeScores text_rouge(std::string_view hypothesis, const std::vector<std::string_view>& references,
                       const RougeOptions& options) {
  TokenInterner interner;
  const RougeText hypothesis_text = prepare(hypothesis, options, interner);
  RougeScores best{};
  for (const std::string_view reference : references) {
    const RougeScores scores = compare(hypothesis_text, prepare(reference, options, interner));
    for (size_t v = 0; v < scores.size(); ++v) {
      if (scores[v].f1 > best[v].f1) best[v] = scores[v];
    }
  }
  return best;
}

RougeResult corpus_rouge(const Lines& hypotheses, const ReferenceSets& references, const RougeOptions& options) {
  check_corpus("rouge", hypotheses, references);
  RougeResult result;
  const auto lines = static_cast<double>(hypotheses.size());
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    std::vector<std::string_view> line_references;
    for (const Lines& set : references) line_references.push_back(set[i]);
    const RougeScores scores = text_rouge(hypotheses[i], line_references, options);
    for (size_t v = 0; v < scores.size(); ++v) {
      result.mean[v].precision += scores[v].precision / lines;
      result.mean[v].recall += scores[v].recall / lines;
      result.mean[v].f1 += scores[v].f1 / lines;
    }
    result.mean_length += static_cast<double>(rouge_tokens(hypotheses[i], options.stemmer).size()) / lines;
  }
  result.signature = metric_signature(references, {{"case", "lc"},
                                                   {"tok", "rouge"},
                                                   {"stem", options.stemmer ? "porter" : "no"},
                                                   {"sent", options.split_sentences ? "marks" : "newline"}});
  return result;
}

}  // namespace lowbit
