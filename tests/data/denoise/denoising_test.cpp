#include "data/denoise/denoising.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "data/batch/prefetch.h"
#include "data/denoise/blocks.h"
#include "data/tokenizer/sentencepiece_tokenizer.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

using Tokens = std::vector<int32_t>;

std::vector<Document> documents() {
  std::vector<Document> all;
  for (int d = 0; d < 30; ++d) {
    Document document;
    for (int s = 0; s <= d % 5; ++s)
      document.push_back("Number " + std::to_string(d * 7 + s) + " of the texts is a sentence" +
                         (s % 2 ? " with more words than the one before it" : "") + ".");
    all.push_back(document);
  }
  return all;
}

const SentencePieceTokenizer& learned_tokenizer() {
  static const auto trained = [] {
    std::vector<std::string> lines;
    for (const Document& document : documents()) lines.insert(lines.end(), document.begin(), document.end());
    return SentencePieceTokenizer::train(lines, {.vocab_size = 70, .symbols = {"<mask>", "[de]", "[fr]"}});
  }();
  return trained;
}

int32_t id(const char* piece) { return learned_tokenizer().find(piece); }

Noise noise(bool several_languages = false) { return {{}, noise_vocabulary(learned_tokenizer(), several_languages)}; }

TokenDataset blocks(int64_t tokens_per_sample = 40) {
  return cut_blocks({{"", documents()}}, learned_tokenizer(), {.tokens_per_sample = tokens_per_sample});
}

std::unique_ptr<Denoising> source(const TokenDataset& dataset, uint64_t seed = 1) {
  return std::make_unique<Denoising>(
      std::make_unique<Batcher>(dataset, BatcherOptions{.max_tokens = 200, .seed = seed}), noise(), seed, 40);
}

TEST(Blocks, SymbolsAreTokensThatNoTextTurnsInto) {
  EXPECT_EQ(id("<mask>"), 4);
  EXPECT_EQ(id("[de]"), 5);
  EXPECT_EQ(id("no such piece"), -1);
  EXPECT_EQ(std::ranges::count(learned_tokenizer().encode("<mask> [de]"), id("<mask>")), 0);
  EXPECT_EQ(learned_tokenizer().decode(Tokens{id("[de]"), id("<mask>")}), "");
  EXPECT_EQ(learned_tokenizer().framing_for({"", "fr"}), (Framing{.target_begin = {6}, .forced_bos = 6}));
  test::expect_error(ErrorKind::usage, {"'it'", "[de] [fr]"}, [] { learned_tokenizer().framing_for({"", "it"}); });
}

TEST(Blocks, HoldWholeSentencesOfOneDocument) {
  const TokenDataset dataset = blocks();
  int64_t row = 0;
  for (const Document& document : documents()) {
    Tokens left;  // of the document, in order
    for (const std::string& sentence : document) {
      const Tokens tokens = learned_tokenizer().encode(sentence);
      left.insert(left.end(), tokens.begin(), tokens.end());
    }
    while (!left.empty()) {
      const auto block = dataset.target[row++];
      ASSERT_LE(std::ssize(block), 38);
      ASSERT_TRUE(std::equal(block.begin(), block.end(), left.begin()));
      EXPECT_TRUE(learned_tokenizer().piece(block.back()).ends_with('.'));
      left.erase(left.begin(), left.begin() + std::ssize(block));
    }
  }
  EXPECT_EQ(row, dataset.size());
}

TEST(Blocks, ASentenceLongerThanABlockIsCut) {
  const TokenDataset dataset = blocks(8);
  int64_t tokens = 0;
  for (int64_t row = 0; row < dataset.size(); ++row) {
    EXPECT_LE(dataset.target.length(row), 6);
    tokens += dataset.target.length(row);
  }
  EXPECT_EQ(tokens, blocks().target.tokens());
}

TEST(Blocks, WithLanguagesEverySentenceEndsAndTheBlockBeginsWithItsLanguage) {
  const TokenDataset dataset = cut_blocks({{"de", {{"Number one.", "Number two."}}}, {"fr", documents()}},
                                          learned_tokenizer(), {.tokens_per_sample = 60});
  Tokens expected = {id("[de]")};
  for (const char* sentence : {"Number one.", "Number two."}) {
    if (expected.size() > 1) expected.push_back(2);
    const Tokens tokens = learned_tokenizer().encode(sentence);
    expected.insert(expected.end(), tokens.begin(), tokens.end());
  }
  EXPECT_EQ(Tokens(dataset.target[0].begin(), dataset.target[0].end()), expected);
  EXPECT_EQ(dataset.framing(0).target_end, 2);
  EXPECT_EQ(dataset.target[dataset.size() - 1][0], id("[fr]"));
}

TEST(Blocks, ALanguageIsDrawnByItsShareToAPower) {
  const std::vector<LanguageDocuments> corpus = {{"de", std::vector<Document>(100, {"Number one."})},
                                                 {"fr", std::vector<Document>(900, {"Number two."})}};
  const auto german = [&](double alpha) {
    const TokenDataset dataset = cut_blocks(corpus, learned_tokenizer(), {.sampling_alpha = alpha});
    EXPECT_NEAR(static_cast<double>(dataset.size()), 1000, 1);
    return std::ranges::count(dataset.framing_of, 0);
  };
  EXPECT_EQ(german(1), 100);
  EXPECT_EQ(german(0), 500);
  EXPECT_EQ(german(0.5), 250);  // sqrt(0.1) : sqrt(0.9) = 1 : 3
}

TEST(Blocks, RefuseAVocabularyWithoutMaskAndTextWithoutSentences) {
  const auto plain = SentencePieceTokenizer::train(std::vector<std::string>{"one two three four"}, {.vocab_size = 20});
  test::expect_error(ErrorKind::usage, {"no <mask>"}, [&] { noise_vocabulary(plain, false); });
  const test::TempDir folder;
  std::ofstream(folder.path("blank.txt")) << "\n \n";
  test::expect_error(ErrorKind::data, {"blank.txt", "no sentence"}, [&] { read_documents(folder.path("blank.txt")); });
  std::ofstream(folder.path("two.txt")) << "\none\ntwo \n\n\nthree";
  EXPECT_EQ(read_documents(folder.path("two.txt")), (std::vector<Document>{{"one", "two"}, {"three"}}));
}

TEST(Denoising, TargetsAreCleanAndSourcesHoldMasks) {
  const TokenDataset dataset = blocks();
  const auto batches = source(dataset);
  int64_t masks = 0;
  for (int64_t i = 0; i < batches->batches_per_epoch(); ++i) {
    const Batch batch = batches->next();
    EXPECT_EQ(batch.source_length, *std::ranges::max_element(batch.source_lengths));
    EXPECT_EQ(std::ssize(batch.source), batch.rows * batch.source_length);
    for (int64_t b = 0; b < batch.rows; ++b) {
      const auto block = dataset.target[batch.row_ids[static_cast<size_t>(b)]];
      EXPECT_TRUE(std::equal(block.begin(), block.end(), batch.target_out.begin() + b * batch.target_length));
      const auto row = batch.source.begin() + b * batch.source_length;
      const int32_t length = batch.source_lengths[static_cast<size_t>(b)];
      EXPECT_EQ(row[length - 1], 2);
      EXPECT_TRUE(std::all_of(row + length, row + batch.source_length, [](int32_t token) { return token == 1; }));
    }
    masks += std::ranges::count(batch.source, id("<mask>"));
  }
  EXPECT_GT(masks, dataset.size());
}

TEST(Denoising, ABatchDependsOnItsPositionAlone) {
  const TokenDataset dataset = blocks();
  const auto whole = source(dataset), other_seed = source(dataset, 2);
  Prefetch ahead(source(dataset), 3);
  const int64_t count = whole->batches_per_epoch();
  ASSERT_GT(count, 2);
  std::set<std::vector<int32_t>> seen;
  for (int64_t i = 0; i < 2 * count; ++i) {
    const Batch batch = whole->next();
    EXPECT_TRUE(seen.insert(batch.source).second) << "an epoch repeats the noise of another";
    EXPECT_EQ(ahead.next().source, batch.source);
    EXPECT_NE(other_seed->next().source, batch.source);
    const auto fresh = source(dataset);
    fresh->seek(i);
    EXPECT_EQ(fresh->next().source, batch.source);
  }
}

TEST(Denoising, TheDevSetIsCorruptedOnce) {
  const TokenDataset dataset = blocks();
  const TokenDataset dev = noised_dataset(dataset, noise(), 7, 40);
  EXPECT_EQ(dev.fingerprint(), noised_dataset(dataset, noise(), 7, 40).fingerprint());
  EXPECT_NE(dev.source.fingerprint(), dataset.source.fingerprint());
  EXPECT_EQ(dev.target.fingerprint(), dataset.target.fingerprint());
}

TEST(Denoising, ALengthenedSourceKeepsItsEnd) {
  const Noise inserting({.mask = 0, .permute_sentences = 0, .insert = 1}, noise_vocabulary(learned_tokenizer(), false));
  const Tokens block = {10, 11, 12, 13, 2};
  const Tokens cut = noised_source(inserting, block, false, 6, {3, 0}, {});
  EXPECT_EQ(cut.size(), 6u);
  EXPECT_EQ(cut.back(), 2);
}

}  // namespace
}  // namespace lowbit
