#include "data/tokenizer/sentencepiece_tokenizer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "data/corpus/parallel_text.h"
#include "data/prepare/clean.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

/// English and Italian lines, cleaned.
const std::vector<std::string>& corpus() {
  static const std::vector<std::string> lines = [] {
    const auto text = read_parallel_tsv(LB_TEST_DIR "/../data/corpora/cc0/en-it.tsv");
    std::vector<std::string> both;
    for (const auto* side : {&text.source, &text.target})
      for (const std::string& line : *side) both.push_back(clean(line));
    return both;
  }();
  return lines;
}

const SentencePieceTokenizer& tokenizer() {
  static const auto trained = SentencePieceTokenizer::train(corpus(), {.vocab_size = 600, .character_coverage = 1.0});
  return trained;
}

TEST(SentencePiece, HasTheSizeAndFairseqsSpecialIds) {
  EXPECT_EQ(tokenizer().vocab_size(), 600);
  EXPECT_EQ(tokenizer().special_ids(), (SpecialIds{.bos = 0, .pad = 1, .eos = 2, .unk = 3}));
  EXPECT_EQ(tokenizer().piece(0), "<s>");
  EXPECT_EQ(tokenizer().piece(1), "<pad>");
  EXPECT_EQ(tokenizer().piece(2), "</s>");
  EXPECT_EQ(tokenizer().piece(3), "<unk>");
}

TEST(SentencePiece, GivesBackWhatItLearnedFrom) {
  for (const std::string& line : corpus()) {
    const auto ids = tokenizer().encode(line);
    for (const int32_t id : ids) ASSERT_TRUE(id > 3 && id < 600) << line;
    EXPECT_EQ(tokenizer().decode(ids), line);
  }
}

TEST(SentencePiece, PiecesJoinToTheText) {
  const std::string text = "Atril è un visualizzatore di documenti";
  std::string joined;
  for (const int32_t id : tokenizer().encode(text)) joined += tokenizer().piece(id);
  std::string expected = "\u2581" + text;
  for (size_t blank = expected.find(' '); blank != std::string::npos; blank = expected.find(' '))
    expected.replace(blank, 1, "\u2581");
  EXPECT_EQ(joined, expected);
}

TEST(SentencePiece, EmptyLongAndUnknownTexts) {
  EXPECT_TRUE(tokenizer().encode("").empty());
  EXPECT_EQ(tokenizer().decode({}), "");
  std::string text = "window";
  for (int i = 1; i < 10'000; ++i) text += " window";
  EXPECT_EQ(tokenizer().decode(tokenizer().encode(text)), text);
  const auto unknown = tokenizer().encode("\u732b");
  EXPECT_EQ(std::count(unknown.begin(), unknown.end(), tokenizer().special_ids().unk), 1);
  auto ids = tokenizer().encode("window");
  ids.insert(ids.begin(), 0);
  ids.insert(ids.end(), {2, 1, 1});
  EXPECT_EQ(tokenizer().decode(ids), "window") << "bos, eos and pad must leave no trace";
}

TEST(SentencePiece, BytesStandInForUnknownCharacters) {
  const auto bytes = SentencePieceTokenizer::train(corpus(), {.vocab_size = 800, .byte_fallback = true});
  const auto ids = bytes.encode("\u732b window");
  EXPECT_EQ(std::count(ids.begin(), ids.end(), bytes.special_ids().unk), 0);
  EXPECT_EQ(bytes.decode(ids), "\u732b window");
}

TEST(SentencePiece, TrainingIsQuietAndDeterministic) {
  for (const auto model : {SentencePieceOptions::Model::bpe, SentencePieceOptions::Model::unigram}) {
    const SentencePieceOptions options{.model = model, .vocab_size = 300};
    ::testing::internal::CaptureStderr();
    const auto first = SentencePieceTokenizer::train(corpus(), options),
               second = SentencePieceTokenizer::train(corpus(), options);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(first.fingerprint(), second.fingerprint());
    EXPECT_NE(first.fingerprint(),
              SentencePieceTokenizer::train(corpus(), {.model = model, .vocab_size = 301}).fingerprint());
  }
}

TEST(SentencePiece, SavedModelIsTheSame) {
  const test::TempDir folder;
  tokenizer().save(folder.path());
  const auto loaded = SentencePieceTokenizer::load(folder.path(SentencePieceTokenizer::kFile));
  EXPECT_EQ(loaded.fingerprint(), tokenizer().fingerprint());
  EXPECT_EQ(loaded.encode(corpus()[0]), tokenizer().encode(corpus()[0]));
}

TEST(SentencePiece, BrokenModelsAreErrors) {
  const test::TempDir folder;
  test::expect_error(ErrorKind::model, {"none.model"},
                     [&] { SentencePieceTokenizer::load(folder.path("none.model")); });
  std::ofstream(folder.path("bad.model")) << "this is no model";
  std::ofstream(folder.path("empty.model")) << "";
  tokenizer().save(folder.path());
  std::filesystem::rename(folder.path(SentencePieceTokenizer::kFile), folder.path("cut.model"));
  std::filesystem::resize_file(folder.path("cut.model"), 1000);
  for (const std::string name : {"bad.model", "empty.model", "cut.model"})
    test::expect_error(ErrorKind::model, {name.c_str()}, [&] { SentencePieceTokenizer::load(folder.path(name)); });
}

TEST(SentencePiece, TooLittleTextIsAnError) {
  const std::vector<std::string> none, few = {"ab ab", "ba"};
  test::expect_error(ErrorKind::data, {"0 texts"}, [&] { SentencePieceTokenizer::train(none, {}); });
  test::expect_error(ErrorKind::data, {"4000 pieces", "2 texts"}, [&] { SentencePieceTokenizer::train(few, {}); });
  test::expect_error(ErrorKind::data, {"20 pieces"},
                     [&] { SentencePieceTokenizer::train(corpus(), {.vocab_size = 20}); });
}

TEST(SentencePiece, AnotherNumberOfPiecesIsSuggested) {
  const auto number_in = [](int64_t pieces, const std::string& before) {
    try {
      SentencePieceTokenizer::train(corpus(), {.vocab_size = pieces});
    } catch (const Error& error) {
      const std::string message = error.what();
      const size_t found = message.find(before);
      if (found != std::string::npos && error.kind() == ErrorKind::data)
        return std::stoll(message.substr(found + before.size()));
      ADD_FAILURE() << message;
    }
    return -1LL;
  };
  const int64_t most = number_in(100'000, "the texts give fewer: --vocab-size ");
  EXPECT_EQ(SentencePieceTokenizer::train(corpus(), {.vocab_size = most}).vocab_size(), most);
  EXPECT_EQ(number_in(most + 1, "--vocab-size "), most);
  const int64_t least = number_in(16, "their characters alone take more: --vocab-size ");
  EXPECT_EQ(SentencePieceTokenizer::train(corpus(), {.vocab_size = least}).vocab_size(), least);
  EXPECT_EQ(number_in(least - 1, "--vocab-size "), least);
}

TEST(SentencePiece, AnIdOutsideTheVocabularyIsRefused) {
  test::expect_error(ErrorKind::internal, {"600"}, [] { tokenizer().decode(std::vector<int32_t>{600}); });
  test::expect_error(ErrorKind::internal, {"-1"}, [] { tokenizer().decode(std::vector<int32_t>{-1}); });
}

}  // namespace
}  // namespace lowbit
