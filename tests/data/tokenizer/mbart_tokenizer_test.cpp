#include "data/tokenizer/mbart_tokenizer.h"

#include <gtest/gtest.h>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "data/corpus/parallel_text.h"
#include "data/denoise/blocks.h"
#include "data/denoise/denoising.h"
#include "data/tokenizer/open_tokenizer.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

constexpr int64_t kPieces = 300, kRowsCc25 = kPieces + 1 + 25 + 1, kRows50 = kPieces + 1 + 52 + 1;

/// A folder with a sentencepiece model laid out as mBART's: <unk> 0, <s> 1, </s> 2, no padding.
class Mbart : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto text = read_parallel_tsv(LB_TEST_DIR "/../data/corpora/cc0/en-it.tsv");
    const test::TempDir folder;
    std::ofstream lines(folder.path("text"));
    for (const std::string& line : text.source) lines << line << '\n';
    lines.close();
    const auto status = sentencepiece::SentencePieceTrainer::Train({{"input", folder.path("text")},
                                                                    {"model_prefix", folder.path("spm")},
                                                                    {"vocab_size", std::to_string(kPieces)},
                                                                    {"minloglevel", "3"}});
    ASSERT_TRUE(status.ok()) << status.ToString();
    model_ = test::contents(folder.path("spm.model"));
  }
  Mbart() { std::ofstream(folder_.path("sentencepiece.bpe.model"), std::ios::binary) << model_; }

  std::unique_ptr<Tokenizer> open(int64_t rows, const Languages& languages) {
    return open_tokenizer(folder_.path(), rows, languages);
  }

  static std::string model_;
  test::TempDir folder_;
};
std::string Mbart::model_;

TEST_F(Mbart, IdsAreThoseOfTheModelPlusOne) {
  const auto tokenizer = open(kRowsCc25, {"en_XX", "ro_RO"});
  sentencepiece::SentencePieceProcessor processor;
  ASSERT_TRUE(processor.LoadFromSerializedProto(model_).ok());
  for (const std::string text : {"Document viewer for the desktop", "window \u732b window"}) {
    std::vector<int> raw;
    ASSERT_TRUE(processor.Encode(text, &raw).ok());
    const auto ids = tokenizer->encode(text);
    ASSERT_EQ(ids.size(), raw.size());
    for (size_t i = 0; i < ids.size(); ++i) {
      EXPECT_EQ(ids[i], raw[i] == 0 ? 3 : raw[i] + 1);
      EXPECT_EQ(tokenizer->piece(ids[i]), raw[i] == 0 ? "<unk>" : processor.IdToPiece(raw[i]));
    }
  }
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("Document viewer")), "Document viewer");
  EXPECT_EQ(tokenizer->vocab_size(), kRowsCc25);
  EXPECT_EQ(tokenizer->special_ids(), SpecialIds());
  EXPECT_EQ(tokenizer->piece(kPieces + 1), "ar_AR");
  EXPECT_EQ(tokenizer->piece(kPieces + 1 + 24), "zh_CN");
  EXPECT_EQ(tokenizer->piece(kRowsCc25 - 1), "<mask>");
}

TEST_F(Mbart, Cc25PutsTheLanguageBehind) {
  const auto tokenizer = open(kRowsCc25, {"en_XX", "ro_RO"});
  const int32_t en = kPieces + 1 + 3, ro = kPieces + 1 + 19;
  const Framing framing = tokenizer->framing();
  EXPECT_EQ(
      framing,
      (Framing{.source_close = {2}, .target_close = {2}, .source_end = en, .target_end = ro, .decoder_start = ro}));
  EXPECT_EQ(encode_source(*tokenizer, "window").back(), 2);
  // Cut text keeps what closes it.
  EXPECT_EQ(encode_source(*tokenizer, "window window window", 3).size(), 2u);
  EXPECT_EQ(encode_source(*tokenizer, "window window window", 3).back(), 2);
}

TEST_F(Mbart, FiftyPutsItInFrontAndForcesIt) {
  const auto tokenizer = open(kRows50, {"en_XX", "sl_SI"});
  const int32_t en = kPieces + 1 + 3, sl = kPieces + 1 + 51;
  EXPECT_EQ(tokenizer->framing(), (Framing{.source_begin = {en}, .target_begin = {sl}, .forced_bos = sl}));
  EXPECT_EQ(tokenizer->piece(sl), "sl_SI");
  EXPECT_EQ(tokenizer->decode(std::vector<int32_t>{2, sl, 2}), "");
}

TEST_F(Mbart, ASavedFolderKnowsReleaseAndLanguages) {
  const auto tokenizer = open(kRows50, {"de_DE", "it_IT"});
  const test::TempDir saved;
  tokenizer->save(saved.path());
  const auto again = open_tokenizer(saved.path());
  EXPECT_EQ(again->framing(), tokenizer->framing());
  EXPECT_EQ(again->fingerprint(), tokenizer->fingerprint());
  EXPECT_NE(open_tokenizer(saved.path(), -1, {"de_DE", "en_XX"})->framing(), tokenizer->framing());
}

TEST_F(Mbart, RefusesWhatItCannotKnow) {
  test::expect_error(ErrorKind::model, {"300 pieces", "700 rows"}, [&] { open(700, {"en_XX", "ro_RO"}); });
  test::expect_error(ErrorKind::usage, {"--source-lang"}, [&] { open(kRowsCc25, {}); });
  test::expect_error(ErrorKind::usage, {"--target-lang", "ro_R0", "ro_RO"}, [&] {
    open(kRowsCc25, {"en_XX", "ro_R0"});
  });
  test::expect_error(ErrorKind::usage, {"sl_SI"}, [&] { open(kRowsCc25, {"en_XX", "sl_SI"}); });
  std::ofstream(folder_.path("tokenizer_config.json")) << "{";
  test::expect_error(ErrorKind::model, {"tokenizer_config.json"}, [&] { open(kRowsCc25, {"en_XX", "ro_RO"}); });
}

TEST_F(Mbart, BlocksOfPretrainingEndWithTheLanguage) {
  const auto tokenizer = open(kRowsCc25, {"en_XX", "ro_RO"});
  const int32_t german = kPieces + 1 + 2, bos = 0, eos = 2;
  const TokenDataset blocks = cut_blocks({{"de_DE", {{"window", "viewer"}}}}, *tokenizer, {.tokens_per_sample = 64});
  std::vector<int32_t> block = {bos};
  for (const char* sentence : {"window", "viewer"}) {
    const auto pieces = tokenizer->encode(sentence);
    block.insert(block.end(), pieces.begin(), pieces.end());
    block.push_back(eos);
  }
  block.push_back(german);
  const NoiseVocabulary vocabulary = noise_vocabulary(*tokenizer, true);
  EXPECT_EQ(vocabulary.mask, kRowsCc25 - 1);
  EXPECT_EQ(std::count(vocabulary.ends_sentence.begin(), vocabulary.ends_sentence.end(), 1), 1);
  EXPECT_TRUE(vocabulary.starts_word[static_cast<size_t>(german)]);
  Denoising batches(std::make_unique<Batcher>(blocks, BatcherOptions{}), Noise({.mask = 0}, vocabulary), 1, 64);
  std::set<std::vector<int32_t>> sources;
  for (int i = 0; i < 20; ++i) {
    const Batch batch = batches.next();
    EXPECT_EQ(batch.target_out, block);
    std::vector<int32_t> input = block;
    std::rotate(input.begin(), input.end() - 1, input.end());
    EXPECT_EQ(batch.target_in, input);
    sources.insert(batch.source);
  }
  EXPECT_EQ(sources.size(), 2u) << "both orders of two sentences, <s> and the language in their places";
  EXPECT_TRUE(sources.contains(block));
}

TEST_F(Mbart, SpecialTokensAreFoundByName) {
  const auto tokenizer = open(kRows50, {"en_XX", "sl_SI"});
  for (const int32_t id : {0, 1, 2, 3, 10, static_cast<int32_t>(kPieces + 4), static_cast<int32_t>(kRows50 - 1)})
    EXPECT_EQ(tokenizer->find(tokenizer->piece(id)), id);
  EXPECT_EQ(tokenizer->find("xx_XX"), -1);
}

}  // namespace
}  // namespace lowbit
