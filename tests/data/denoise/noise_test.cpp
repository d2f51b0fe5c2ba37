#include "data/denoise/noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "tests/data/metrics/golden_metrics.h"
#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

using Tokens = std::vector<int32_t>;
constexpr int32_t kMask = 4, kStop = 5;

/// Ids from 20 on start a word, those below go on with one.
NoiseVocabulary vocabulary(int64_t size = 60) {
  NoiseVocabulary v{.mask = kMask};
  for (int64_t id = 0; id < size; ++id) {
    v.starts_word.push_back(id < 5 || id >= 20);
    v.ends_sentence.push_back(id == kStop);
  }
  return v;
}

NoiseOptions nothing() { return {.mask = 0, .mask_random = 0, .permute_sentences = 0}; }

Tokens noised(const NoiseOptions& options, const Tokens& block, uint64_t key = 1) {
  return Noise(options, vocabulary()).apply(block, {key, 0});
}

TEST(Noise, EveryDrawIsThatOfTheReference) {
  const nlohmann::json golden = read_golden("denoise.json");
  const nlohmann::json& v = golden.at("vocabulary");
  NoiseVocabulary vocabulary{.mask = v.at("mask").get<int32_t>()};
  const auto has = [&](const char* list, int64_t id) {
    return std::ranges::count(v.at(list).get<std::vector<int64_t>>(), id) > 0;
  };
  for (int64_t id = 0; id < v.at("size").get<int64_t>(); ++id) {
    vocabulary.starts_word.push_back(has("starts", id));
    vocabulary.ends_sentence.push_back(has("stops", id));
  }
  const std::map<std::string, MaskLength> lengths = {
      {"subword", MaskLength::subword}, {"word", MaskLength::word}, {"span-poisson", MaskLength::span_poisson}};
  for (const nlohmann::json& test_case : golden.at("cases")) {
    const nlohmann::json& o = golden.at("options").at(test_case.at("options").get<size_t>());
    const Noise noise({.mask = o.at("mask"),
                       .mask_length = lengths.at(o.at("mask_length")),
                       .poisson_lambda = o.at("poisson_lambda"),
                       .replace_length = o.at("replace_length"),
                       .mask_random = o.at("mask_random"),
                       .permute_sentences = o.at("permute_sentences"),
                       .insert = o.at("insert"),
                       .rotate = o.at("rotate")},
                      vocabulary);
    EXPECT_EQ(noise.apply(test_case.at("block").get<Tokens>(), {test_case.at("key").get<uint64_t>(), 0}),
              test_case.at("noised").get<Tokens>())
        << test_case.dump();
  }
}

TEST(Noise, CoveredWordsBecomeNothingOneMaskOrOneForEachToken) {
  const Tokens block = {0, 20, 10, 30, 40, 11, 12, 2};  // three words of 2, 1 and 3 tokens
  NoiseOptions options = nothing();
  options.mask = 1;
  options.mask_length = MaskLength::word;
  EXPECT_EQ(noised(options, block), (Tokens{0, kMask, kMask, kMask, 2}));
  options.replace_length = -1;
  EXPECT_EQ(noised(options, block), (Tokens{0, kMask, kMask, kMask, kMask, kMask, kMask, 2}));
  options.replace_length = 0;
  EXPECT_EQ(noised(options, block), (Tokens{0, 2}));
}

TEST(Noise, TokensThatGoOnWithAWordAreNoStartsButBySubwordAllAre) {
  const Tokens block = {0, 10, 11, 12, 13, 2};  // no word starts here
  NoiseOptions options = nothing();
  options.mask = 0.5;
  options.mask_length = MaskLength::word;
  EXPECT_EQ(noised(options, block), block);
  options.mask_length = MaskLength::subword;
  EXPECT_EQ(std::ranges::count(noised(options, block), kMask), 2);
}

TEST(Noise, SentencesChangePlacesWhole) {
  const Tokens block = {0, 20, kStop, 30, 31, kStop, 40, 41, 2};  // the last one has no stop
  NoiseOptions options = nothing();
  options.permute_sentences = 1;
  std::map<Tokens, int> seen;
  for (uint64_t key = 0; key < 600; ++key) ++seen[noised(options, block, key)];
  EXPECT_EQ(seen.size(), 6u);
  EXPECT_TRUE(seen.contains(Tokens{0, 40, 41, 30, 31, kStop, 20, kStop, 2}));
  for (const auto& [tokens, count] : seen) EXPECT_NEAR(count, 100, 40);
}

TEST(Noise, ASentenceEndsBehindItsFirstStop) {
  NoiseOptions options = nothing();
  options.permute_sentences = 1;
  std::map<Tokens, int> seen;  // sentences "20 ." and ". 30 31"
  for (uint64_t key = 0; key < 100; ++key) ++seen[noised(options, {0, 20, kStop, kStop, 30, 31, 2}, key)];
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_TRUE(seen.contains(Tokens{0, kStop, 30, 31, 20, kStop, 2}));
}

TEST(Noise, InsertionsAndRotationKeepTheEnds) {
  NoiseOptions options = nothing();
  options.insert = 0.5;
  const Tokens block = {0, 20, 21, 22, 23, 2};
  Tokens longer = noised(options, block);
  EXPECT_EQ(std::ranges::count(longer, kMask), 3);
  EXPECT_EQ(longer.front(), 0);
  EXPECT_EQ(longer.back(), 2);
  std::erase(longer, kMask);
  EXPECT_EQ(longer, block);
  options = nothing();
  options.rotate = 1;
  std::map<Tokens, int> seen;
  for (uint64_t key = 0; key < 500; ++key) ++seen[noised(options, block, key)];
  EXPECT_EQ(seen.size(), 4u);  // the last offset is the whole body: unchanged, as the first
  EXPECT_NEAR(seen[block], 200, 50);
  EXPECT_NEAR((seen[{0, 22, 23, 20, 21, 2}]), 100, 40);
}

/// Lengths of the runs of covered words: the method drawn again without code or generator in common.
std::map<int64_t, double> brute_force_runs(int64_t words, double share, double lambda, int rounds) {
  std::mt19937_64 random(3);
  std::poisson_distribution<int64_t> poisson(lambda);
  std::map<int64_t, double> runs;
  for (int round = 0; round < rounds; ++round) {
    std::vector<char> covered(static_cast<size_t>(words));
    std::vector<size_t> starts(covered.size());
    for (size_t i = 0; i < starts.size(); ++i) starts[i] = i;
    std::shuffle(starts.begin(), starts.end(), random);
    int64_t left = static_cast<int64_t>(std::ceil(share * static_cast<double>(words)));
    for (size_t next = 0; left > 0;) {
      const int64_t length = std::min(poisson(random), left);
      left -= length;
      if (length == 0) continue;
      const size_t begin = starts[next++];
      for (size_t i = begin; i < std::min(begin + static_cast<size_t>(length), covered.size()); ++i) covered[i] = 1;
    }
    int64_t run = 0;
    for (size_t i = 0; i <= covered.size(); ++i) {
      if (i < covered.size() && covered[i]) {
        ++run;
      } else if (run > 0) {
        ++runs[run];
        run = 0;
      }
    }
  }
  return runs;
}

double mean(const std::map<int64_t, double>& runs) {
  double sum = 0, count = 0;
  for (const auto& [length, n] : runs) sum += static_cast<double>(length) * n, count += n;
  return sum / count;
}

TEST(Noise, ShareAndLengthsOfSpansAreThoseOfABruteForce) {
  constexpr int64_t kWords = 500;
  constexpr int kRounds = 400;
  NoiseOptions options = nothing();
  options.mask = 0.3;
  Tokens block = {0};  // every word another id: what is covered is what is missing, whatever empty spans put in
  for (int64_t i = 0; i < kWords; ++i) block.push_back(static_cast<int32_t>(20 + i));
  block.push_back(2);
  const Noise noise(options, vocabulary(20 + kWords));
  std::map<int64_t, double> runs;
  double covered = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Tokens tokens = noise.apply(block, {philox_key(9, static_cast<uint64_t>(round)), 0});
    std::vector<char> left(static_cast<size_t>(kWords));
    for (const int32_t token : tokens)
      if (token >= 20) left[static_cast<size_t>(token - 20)] = 1;
    int64_t run = 0;
    for (size_t i = 0; i <= left.size(); ++i) {
      if (i < left.size() && !left[i]) {
        ++run, ++covered;
      } else if (run > 0) {
        ++runs[run];
        run = 0;
      }
    }
  }
  const std::map<int64_t, double> expected = brute_force_runs(kWords, 0.3, 3.5, kRounds);
  double words = 0;
  for (const auto& [length, n] : expected) words += static_cast<double>(length) * n;
  EXPECT_NEAR(covered / words, 1, 0.01);
  EXPECT_NEAR(mean(runs) / mean(expected), 1, 0.03);
  for (int64_t length = 1; length <= 8; ++length) {
    const double a = runs[length], b = expected.at(length);
    EXPECT_NEAR(a, b, 4 * std::sqrt(a + b)) << length;
  }
}

TEST(Noise, AShareOfTheSpansShowsRandomTokens) {
  NoiseOptions options = nothing();
  options.mask = 1;
  options.mask_length = MaskLength::word;
  options.mask_random = 0.1;
  Tokens block(20002, 20);
  block.front() = 0, block.back() = 2;
  const Tokens tokens = noised(options, block);
  const auto masks = static_cast<double>(std::ranges::count(tokens, kMask));
  EXPECT_NEAR(masks / 20000, 0.9 + 0.1 / 59, 0.01);  // a random token may be <mask> too
  EXPECT_EQ(std::ranges::count(tokens, 0), 1);       // never <s>
}

TEST(Noise, RefusesWhatIsOutOfRange) {
  NoiseOptions options;
  options.mask = 1.5;
  test::expect_error(ErrorKind::usage, {"denoise.mask", "1.5"}, [&] { options.validate(); });
  options = {};
  options.replace_length = 2;
  test::expect_error(ErrorKind::usage, {"replace_length"}, [&] { options.validate(); });
  options = {};
  options.poisson_lambda = 0;
  test::expect_error(ErrorKind::usage, {"poisson_lambda"}, [&] { options.validate(); });
}

}  // namespace
}  // namespace lowbit
