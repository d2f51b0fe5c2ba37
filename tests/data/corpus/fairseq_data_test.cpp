#include "data/corpus/fairseq_data.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "data/corpus/mmap_rows.h"
#include "data/tokenizer/open_tokenizer.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kBinarised = LB_TEST_DIR "/golden/fairseq_data/binary";

/// A copy of the golden folder that a test may spoil.
class Copy {
 public:
  Copy() {
    for (const auto& file : fs::directory_iterator(kBinarised)) fs::copy_file(file, path(file.path().filename()));
  }
  std::string path(const std::string& file = "") const { return folder_.path(file); }
  void write(const std::string& file, const std::string& bytes) const {
    std::ofstream(path(file), std::ios::binary) << bytes;
  }
  /// Changes the bytes of a file.
  void change(const std::string& file, const std::function<void(std::string&)>& change) const {
    std::string bytes = test::contents(path(file));
    change(bytes);
    write(file, bytes);
  }
  FairseqData open(const std::string& split = "train", const Languages& languages = {}) {
    tokenizer_ = open_tokenizer(kBinarised);
    return FairseqData(folder_.path(), split, languages, *tokenizer_);
  }
  void expect_refused(std::initializer_list<const char*> words, ErrorKind kind = ErrorKind::data,
                      const std::string& split = "train") {
    test::expect_error(kind, words, [&] { open(split); });
  }

 private:
  test::TempDir folder_;
  std::unique_ptr<Tokenizer> tokenizer_;
};

constexpr const char* kIndex = "train.src-tgt.src.idx";
constexpr const char* kTokens = "train.src-tgt.src.bin";

TEST(FairseqData, HoldsWhatWasWrittenInEveryTypeOfTokens) {
  const json expected = json::parse(test::contents(kBinarised / "../expected.json"))["binary"];
  const auto tokenizer = open_tokenizer(kBinarised);
  for (const std::string split : {"train", "valid", "test"}) {
    const FairseqData data(kBinarised, split, {}, *tokenizer);
    const ParallelText text = data.text();
    EXPECT_EQ(text.source, expected[split + ".src"].get<std::vector<std::string>>());
    EXPECT_EQ(text.target, expected[split + ".tgt"].get<std::vector<std::string>>());
    EXPECT_EQ(data.dataset().fingerprint(), tokenize(text, *tokenizer).fingerprint());
  }
  EXPECT_TRUE(FairseqData::in(kBinarised));
  EXPECT_FALSE(FairseqData::in(kBinarised / "..") || FairseqData::in(kBinarised / "none"));
}

TEST(FairseqData, EitherDirectionOfThePair) {
  Copy copy;
  const ParallelText forth = copy.open("test").text(), back = copy.open("test", {"tgt", "src"}).text();
  EXPECT_EQ(forth.source, back.target);
  EXPECT_EQ(forth.target, back.source);
  EXPECT_EQ(copy.open("test", {"en_XX", "it_IT"}).text().source, forth.source);  // the only pair
  for (const char* side : {"src", "de"})
    for (const char* part : {"bin", "idx"})
      fs::copy_file(copy.path(std::string("test.src-tgt.src.") + part),
                    copy.path(std::string("test.src-de.") + side + "." + part));
  copy.expect_refused({"2 pairs", "--source-lang"}, ErrorKind::data, "test");
  EXPECT_EQ(copy.open("test", {"src", "de"}).text().target, forth.source);
}

TEST(FairseqData, AddsTheFramingOnce) {
  // A tokenizer with <s> before the pieces: ids of a dictionary of GPT-2's numbers.
  const test::TempDir folder;
  for (const auto& [from, to] :
       {std::pair("../bpe/dict.txt", "dict.txt"), std::pair("../bpe/encoder.json", "encoder.json"),
        std::pair("../../bpe/merges.txt", "vocab.bpe")})
    fs::copy_file(kBinarised / from, folder.path(to));
  for (const char* file :
       {"test.src-tgt.src.bin", "test.src-tgt.src.idx", "test.src-tgt.tgt.bin", "test.src-tgt.tgt.idx"})
    fs::copy_file(kBinarised / file, folder.path(file));
  const auto tokenizer = open_tokenizer(folder.path());
  const TokenDataset plain = FairseqData(folder.path(), "test", {}, *tokenizer).dataset();
  ASSERT_EQ(plain.source[0].size(), 2u);
  EXPECT_EQ(plain.source[0][0], 0);
  std::string bytes = test::contents(folder.path("test.src-tgt.src.bin"));
  std::memset(bytes.data() + 2 * 8, 0, 8);  // the second item, [a, b, </s>], becomes [<s>, b, </s>]
  std::ofstream(folder.path("test.src-tgt.src.bin"), std::ios::binary) << bytes;
  const TokenDataset framed = FairseqData(folder.path(), "test", {}, *tokenizer).dataset();
  EXPECT_EQ(framed.source[1].size() + 1, plain.source[1].size());
  EXPECT_EQ(framed.source[1].back(), plain.source[1].back());
}

TEST(FairseqData, RefusesFilesThatLie) {
  const auto spoiled = [](const char* file, const std::function<void(std::string&)>& change,
                          std::initializer_list<const char*> words) {
    Copy copy;
    copy.change(file, change);
    copy.expect_refused({"train.src-tgt.src.idx"});
    copy.expect_refused(words);
  };
  const auto number = [](size_t at, size_t width, uint64_t value) {
    return [=](std::string& bytes) { std::memcpy(bytes.data() + at, &value, width); };
  };
  constexpr size_t kItems = 24, kStarts = 26 + 4 * kItems;
  spoiled(kIndex, number(0, 1, 'X'), {"MMIDIDX"});
  spoiled(kIndex, [](std::string& bytes) { bytes.replace(0, 8, "TNTIDX\0\0", 8); }, {"TNTIDX", "--dataset-impl mmap"});
  spoiled(kIndex, number(9, 8, 2), {"version 2"});
  spoiled(kIndex, number(17, 1, 6), {"type 6", "integers"});
  spoiled(kIndex, number(17, 1, 4), {"item 0 holds id 131080"});
  spoiled(kIndex, number(18, 8, 25), {"25 items", "room for 24"});
  spoiled(kIndex, number(18, 8, uint64_t{1} << 62), {"room for 24"});
  spoiled(kIndex, number(26, 4, 0xffffffff), {"item 0", "-1 tokens"});
  spoiled(kIndex, number(26, 4, 0x7fffffff), {"item 0", "2147483647 tokens"});
  spoiled(kIndex, number(kStarts + 8, 8, 6), {"item 1", "from byte 6"});
  spoiled(kIndex, number(kStarts + 8, 8, uint64_t{1} << 63), {"item 1"});
  spoiled(kTokens, [](std::string& bytes) { bytes.resize(100); }, {"item", "of 100"});
  spoiled(kTokens, [](std::string& bytes) { bytes += "xx"; }, {"2 bytes", "belong to no item"});
  spoiled(kTokens, number(2, 2, 24), {"item 0 holds id 24", "vocabulary of 24"});
  const std::string whole = test::contents(kBinarised / kIndex);
  for (size_t length = 0; length < whole.size(); ++length)
    spoiled(kIndex, [&](std::string& bytes) { bytes.resize(length); }, {});
}

TEST(FairseqData, RefusesWhatDoesNotBelongTogether) {
  Copy copy;
  copy.expect_refused({"no valid1.SOURCE-TARGET"}, ErrorKind::data, "valid1");
  for (const char* part : {"bin", "idx"})
    fs::copy_file(kBinarised / (std::string("test.src-tgt.tgt.") + part),
                  copy.path(std::string("train.src-tgt.tgt.") + part), fs::copy_options::overwrite_existing);
  copy.expect_refused({"24 items", "has 4"});
  fs::remove(copy.path("test.src-tgt.tgt.bin"));
  copy.expect_refused({"test.src-tgt.tgt.bin"}, ErrorKind::data, "test");
  for (const char* side : {"dict.src.txt", "dict.tgt.txt"}) copy.write(side, "uno 1\n");
  copy.expect_refused({"dict.src.txt", "id 4 is 'uno'", "another dictionary"}, ErrorKind::model);
}

}  // namespace
}  // namespace lowbit
