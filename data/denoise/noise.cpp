#include "data/denoise/noise.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/error.h"

namespace lowbit {
namespace {

constexpr int64_t kLongestSpan = 128;
constexpr double kLeastProbability = 1e-7;

int64_t ceil_share(double share, size_t count) {
  return static_cast<int64_t>(std::ceil(share * static_cast<double>(count)));
}

/// 0 ... count - 1 in random order.
std::vector<size_t> permutation(size_t count, RandomState& random) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  shuffle(std::span(order), random);
  return order;
}

std::vector<double> cumulative_poisson(double lambda) {
  std::vector<double> sums;
  double p = std::exp(-lambda), sum = 0;
  for (int64_t k = 0; k < kLongestSpan; ++k) {
    sums.push_back(sum += p);
    if (p < kLeastProbability) break;
    p *= lambda / static_cast<double>(k + 1);
  }
  for (double& value : sums) value /= sum;
  return sums;
}

/// A span that is being masked.
struct Span {
  size_t at;          ///< its last token so far
  int64_t words;      ///< still to cover behind that one
  bool shows_random;  ///< a random token instead of <mask>
};

}  // namespace

void NoiseOptions::validate() const {
  const auto share = [](const char* name, double value) {
    LB_REQUIRE(value >= 0 && value <= 1, ErrorKind::usage, "denoise", "denoise.{} is a share, not {}", name, value);
  };
  share("mask", mask), share("mask_random", mask_random), share("permute_sentences", permute_sentences);
  share("insert", insert), share("rotate", rotate);
  LB_REQUIRE(poisson_lambda >= 0.1 && poisson_lambda <= 50, ErrorKind::usage, "denoise",
             "denoise.poisson_lambda must be between 0.1 and 50, not {}", poisson_lambda);
  LB_REQUIRE(replace_length >= -1 && replace_length <= 1, ErrorKind::usage, "denoise",
             "denoise.replace_length is -1, 0 or 1, not {}", replace_length);
}

Noise::Noise(const NoiseOptions& options, NoiseVocabulary vocabulary)
    : options_(options), vocabulary_(std::move(vocabulary)) {
  options_.validate();
  LB_CHECK(vocabulary_.size() > 1 && vocabulary_.ends_sentence.size() == vocabulary_.starts_word.size() &&
               vocabulary_.mask >= 0 && vocabulary_.mask < vocabulary_.size(),
           "denoise", "the vocabulary has {} tokens, {} flags and <mask> {}", vocabulary_.size(),
           vocabulary_.ends_sentence.size(), vocabulary_.mask);
  if (options_.mask_length == MaskLength::span_poisson) cumulative_ = cumulative_poisson(options_.poisson_lambda);
}

std::vector<int32_t> Noise::apply(std::span<const int32_t> block, RandomState random) const {
  Tokens tokens(block.begin(), block.end());
  if (tokens.size() <= 2) return tokens;
  if (options_.permute_sentences > 0) tokens = permute_sentences(tokens, random);
  if (options_.mask > 0) tokens = mask(std::move(tokens), random);
  if (options_.insert > 0) tokens = insert(tokens, ceil_share(options_.insert, tokens.size()), random);
  if (options_.rotate > 0 && random.next_uniform() < options_.rotate) tokens = rotate(tokens, random);
  return tokens;
}

int32_t Noise::random_token(RandomState& random) const {
  return 1 + static_cast<int32_t>(random.next_below(static_cast<uint64_t>(vocabulary_.size() - 1)));
}

Noise::Tokens Noise::permute_sentences(const Tokens& tokens, RandomState& random) const {
  // A sentence ends behind its first stop; the token before the end of the block counts as one.
  const auto stops = [&](size_t i) {
    return i == tokens.size() - 2 || vocabulary_.ends_sentence[static_cast<size_t>(tokens[i])] != 0;
  };
  std::vector<size_t> bounds = {1};  // sentence i is [bounds[i], bounds[i + 1])
  for (size_t i = 1; i + 1 < tokens.size(); ++i)
    if (stops(i) && !stops(i - 1)) bounds.push_back(i + 1);
  const size_t sentences = bounds.size() - 1;
  const auto moved = static_cast<size_t>(ceil_share(options_.permute_sentences, sentences));
  std::vector<size_t> chosen = permutation(sentences, random);
  chosen.resize(moved);
  std::vector<size_t> order(sentences);
  std::iota(order.begin(), order.end(), 0);
  const std::vector<size_t> exchange = permutation(moved, random);
  for (size_t i = 0; i < moved; ++i) order[chosen[i]] = chosen[exchange[i]];

  Tokens result = tokens;  // what follows the last bound stays: further stops at the block's end
  auto out = result.begin() + 1;
  for (const size_t i : order)
    out = std::copy(tokens.begin() + static_cast<std::ptrdiff_t>(bounds[i]),
                    tokens.begin() + static_cast<std::ptrdiff_t>(bounds[i + 1]), out);
  return result;
}

std::vector<int64_t> Noise::span_lengths(int64_t words, int64_t& empty, RandomState& random) const {
  std::vector<int64_t> lengths;
  for (int64_t sum = 0; sum < words; sum += lengths.back()) {
    const double u = random.next_uniform();
    const int64_t length = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, u) - cumulative_.begin();
    lengths.push_back(std::min(length, words - sum));
  }
  empty = std::count(lengths.begin(), lengths.end(), 0);
  std::erase(lengths, 0);
  return lengths;
}

Noise::Tokens Noise::mask(Tokens tokens, RandomState& random) const {
  const size_t last = tokens.size() - 1;
  const bool by_subword = options_.mask_length == MaskLength::subword;
  const auto starts_word = [&](size_t i) {
    return i > 0 && i < last && (by_subword || vocabulary_.starts_word[static_cast<size_t>(tokens[i])] != 0);
  };
  std::vector<size_t> starts;
  for (size_t i = 1; i < last; ++i)
    if (starts_word(i)) starts.push_back(i);
  const int64_t words = ceil_share(options_.mask, starts.size());
  if (words == 0) return tokens;

  const bool by_span = options_.mask_length == MaskLength::span_poisson;
  int64_t empty = 0;  // spans of no word: a <mask> is put in where nothing is missing
  std::vector<int64_t> lengths(static_cast<size_t>(words), 1);
  if (by_span) lengths = span_lengths(words, empty, random);

  shuffle(std::span(starts), random);
  std::vector<Span> spans;
  for (size_t i = 0; i < lengths.size(); ++i) spans.push_back({starts[i], lengths[i] - 1, false});
  for (Span& span : spans) span.shows_random = random.next_uniform() < options_.mask_random;

  std::vector<int64_t> is_start(tokens.size());  // of the text as it was: covering it must not move its words
  for (size_t i = 0; i < tokens.size(); ++i) is_start[i] = starts_word(i);
  is_start[last] = kLongestSpan;  // no span gets past it
  std::vector<uint8_t> kept(tokens.size(), 1);
  const auto cover = [&](const Span& span) {
    tokens[span.at] = span.shows_random ? random_token(random) : vocabulary_.mask;
  };
  for (const Span& span : spans) {
    if (options_.replace_length == 0)
      kept[span.at] = 0;
    else
      cover(span);
  }
  while (!spans.empty()) {  // every span takes one more token, until its words are over or the block ends
    for (Span& span : spans) span.words -= is_start[++span.at];
    std::erase_if(spans, [](const Span& span) { return span.words < 0; });
    for (const Span& span : spans) {
      if (options_.replace_length == -1)
        cover(span);
      else
        kept[span.at] = 0;
    }
  }
  Tokens result;
  for (size_t i = 0; i < tokens.size(); ++i)
    if (kept[i]) result.push_back(tokens[i]);
  return insert(result, empty, random);
}

Noise::Tokens Noise::insert(const Tokens& tokens, int64_t inserted, RandomState& random) const {
  const auto count = static_cast<size_t>(inserted);
  if (count == 0) return tokens;
  const auto randoms = static_cast<size_t>(ceil_share(options_.mask_random, count));
  std::vector<size_t> slots = permutation(tokens.size() + count - 2, random);  // of the result, less both ends
  slots.resize(count);
  constexpr int32_t kTaken = -1;
  Tokens result(tokens.size() + count, kTaken);
  for (size_t i = 0; i < count; ++i) result[slots[i] + 1] = i < randoms ? random_token(random) : vocabulary_.mask;
  auto next = tokens.begin();
  for (int32_t& token : result)
    if (token == kTaken) token = *next++;
  return result;
}

Noise::Tokens Noise::rotate(const Tokens& tokens, RandomState& random) const {
  const size_t offset = 1 + random.next_below(tokens.size() - 1);
  Tokens result = tokens;
  std::rotate(result.begin() + 1, result.begin() + static_cast<std::ptrdiff_t>(offset), result.end() - 1);
  return result;
}

}  // namespace lowbit
