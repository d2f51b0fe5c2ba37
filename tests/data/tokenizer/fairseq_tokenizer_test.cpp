#include "data/tokenizer/fairseq_tokenizer.h"

#include <gtest/gtest.h>
#include <sentencepiece_processor.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "data/tokenizer/bart_tokenizer.h"
#include "data/tokenizer/mbart_tokenizer.h"
#include "data/tokenizer/open_tokenizer.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kDictionary = LB_TEST_DIR "/golden/fairseq_data";

/// Texts, ids and texts again by tests/golden/make_fairseq_data.py.
void expect_golden(const Tokenizer& tokenizer, const char* part) {
  const json golden = json::parse(test::contents(kDictionary / "expected.json"));
  ASSERT_FALSE(golden.at(part).empty());
  for (const json& row : golden.at(part)) {
    const auto ids = row.at("ids").get<std::vector<int32_t>>();
    EXPECT_EQ(tokenizer.encode(row.at("text").get<std::string>()), ids) << row.dump();
    EXPECT_EQ(tokenizer.decode(ids), row.at("back").get<std::string>()) << row.dump();
  }
}

/// A folder with these files of the golden ones, by their names there and here.
class Folder {
 public:
  struct File {
    const char* from;
    const char* to;
  };
  explicit Folder(std::initializer_list<File> files = {}) {
    for (const File& file : files) fs::copy_file(kDictionary / file.from, folder_.path(file.to));
  }
  Folder(const Folder&) = delete;
  std::string path(const std::string& file = "") const { return folder_.path(file); }
  void write(const std::string& file, const std::string& text) const { std::ofstream(path(file)) << text; }
  std::unique_ptr<Tokenizer> open(int64_t rows = -1) const { return open_tokenizer(path(), rows); }
  void expect_refused(std::initializer_list<const char*> words) const {
    test::expect_error(ErrorKind::model, words, [&] { open(); });
  }

 private:
  test::TempDir folder_;
};

TEST(FairseqTokenizer, LooksSentencepieceUpInTheDictionary) {
  const auto tokenizer = open_tokenizer(kDictionary / "spm");
  expect_golden(*tokenizer, "spm");
  EXPECT_EQ(tokenizer->vocab_size() % 8, 0);
  EXPECT_EQ(tokenizer->framing(), Framing());
  EXPECT_EQ(tokenizer->piece(3), "<unk>");
  EXPECT_TRUE(tokenizer->piece(static_cast<int32_t>(tokenizer->vocab_size()) - 1).starts_with("madeupword"));
}

TEST(FairseqTokenizer, CutsAtWhiteSpaceWithoutAModel) {
  const auto tokenizer = open_tokenizer(kDictionary / "words");
  expect_golden(*tokenizer, "words");
  EXPECT_EQ(tokenizer->vocab_size(), 13);
  EXPECT_EQ(tokenizer->piece(8), "two words");
  EXPECT_EQ(tokenizer->piece(9), "the");
}

TEST(FairseqTokenizer, Gpt2sIdsGoThroughTheDictionary) {
  for (const auto& [vocabulary, merges] :
       {std::pair("encoder.json", "vocab.bpe"), std::pair("vocab.json", "merges.txt")}) {
    const Folder folder{{"bpe/dict.txt", "dict.txt"}, {"bpe/encoder.json", vocabulary}, {"../bpe/merges.txt", merges}};
    const auto tokenizer = folder.open();
    expect_golden(*tokenizer, "bpe");
    EXPECT_EQ(tokenizer->framing().source_begin, (std::vector<int32_t>{0}));
    EXPECT_EQ(tokenizer->framing().forced_bos, 0);
    const auto with_mask = folder.open(tokenizer->vocab_size() + 1);
    EXPECT_EQ(with_mask->encode("<mask>"), (std::vector<int32_t>{static_cast<int32_t>(tokenizer->vocab_size())}));
    // What is saved is the one map that Hugging Face's classes read.
    const test::TempDir saved;
    with_mask->save(saved.path());
    expect_golden(*BartTokenizer::load(saved.path()), "bpe");
    EXPECT_EQ(open_tokenizer(saved.path())->fingerprint(), with_mask->fingerprint());
    EXPECT_EQ(open_tokenizer(saved.path())->framing(), with_mask->framing());
  }
}

TEST(FairseqTokenizer, AMapWithSpecialTokensNeedsNoDictionary) {
  const Folder folder{
      {"bpe/dict.txt", "dict.txt"}, {"../bpe/vocab.json", "vocab.json"}, {"../bpe/merges.txt", "merges.txt"}};
  EXPECT_EQ(folder.open()->fingerprint(), open_tokenizer(kDictionary / "../bpe")->fingerprint());
  EXPECT_EQ(folder.open()->framing().forced_bos, -1);
}

TEST(FairseqTokenizer, MbartsDictionaryIsMbartsTokenizer) {
  const Folder folder{{"spm/sentence.bpe.model", "sentence.bpe.model"}};
  sentencepiece::SentencePieceProcessor processor;
  ASSERT_TRUE(processor.Load(folder.path("sentence.bpe.model")).ok());
  std::string lines;
  for (int piece = 3; piece < processor.GetPieceSize(); ++piece) lines += processor.IdToPiece(piece) + " 1\n";
  folder.write("dict.txt", lines);
  const int64_t rows = processor.GetPieceSize() + 1;
  const Languages languages{"en_XX", "ro_RO"};
  for (const int64_t codes : {25, 52}) {
    const auto tokenizer = open_tokenizer(folder.path(), rows + codes + 1, languages);
    EXPECT_TRUE(dynamic_cast<const MbartTokenizer*>(tokenizer.get()));
    EXPECT_EQ(tokenizer->vocab_size(), rows + codes + 1);
    EXPECT_EQ(tokenizer->encode("Gestore"), folder.open()->encode("Gestore"));
  }
  EXPECT_TRUE(dynamic_cast<const FairseqTokenizer*>(open_tokenizer(folder.path(), rows + 1, languages).get()));
}

TEST(FairseqTokenizer, ASavedFolderIsTheSame) {
  for (const char* part : {"spm", "words"}) {
    const test::TempDir folder;
    const auto tokenizer = open_tokenizer(kDictionary / part, open_tokenizer(kDictionary / part)->vocab_size() + 1);
    EXPECT_EQ(tokenizer->piece(static_cast<int32_t>(tokenizer->vocab_size()) - 1), "<mask>");
    tokenizer->save(folder.path());
    EXPECT_EQ(open_tokenizer(folder.path(), tokenizer->vocab_size())->fingerprint(), tokenizer->fingerprint());
    EXPECT_NE(open_tokenizer(folder.path())->fingerprint(), tokenizer->fingerprint());
    EXPECT_EQ(tokenizer_files(folder.path()).size(), tokenizer_files(kDictionary / part).size());
  }
}

TEST(FairseqTokenizer, OneDictionaryForBothLanguages) {
  const Folder folder{{"words/dict.txt", "dict.en.txt"}, {"words/dict.txt", "dict.de.txt"}};
  EXPECT_EQ(folder.open()->vocab_size(), 13);
  folder.write("dict.en.txt", "the 1\n");
  folder.expect_refused({"dict.en.txt", "dict.de.txt", "--joined-dictionary"});
}

TEST(FairseqTokenizer, RefusesBrokenFilesByLine) {
  const auto refused = [](const std::string& text, std::initializer_list<const char*> words) {
    const Folder folder;
    folder.write("dict.txt", text);
    folder.expect_refused(words);
  };
  refused("a 1\nb\n", {"dict.txt: line 2", "count"});
  refused("a 1\nb x\n", {"line 2", "count"});
  refused("a 1\n\n", {"line 2", "count"});
  refused("a 1\nb 1\na 2\n", {"line 3", "\"a\"", "#fairseq:overwrite"});
  refused("<pad> 1\n", {"line 1", "<pad>"});
  refused("\xff 1\n", {"line 1", "no UTF-8"});
  const Folder model{{"words/dict.txt", "dict.txt"}};
  model.write("sentence.bpe.model", "no model");
  model.expect_refused({"sentence.bpe.model"});
  const Folder lacks{
      {"words/dict.txt", "dict.txt"}, {"bpe/encoder.json", "encoder.json"}, {"../bpe/merges.txt", "vocab.bpe"}};
  lacks.expect_refused({"encoder.json", "dict.txt", "no symbol of"});
  lacks.write("encoder.json", "[]");
  lacks.expect_refused({"encoder.json", "no JSON map"});
}

}  // namespace
}  // namespace lowbit
