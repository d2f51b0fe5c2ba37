#include "core/files/gguf.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

using formats::GgmlType;

const std::string kBlocks = LB_TEST_DIR "/golden/blocks.gguf";

/// The codes of tests/golden/make_gguf.py.
std::vector<int8_t> golden_codes(int low, int high, int64_t count) {
  std::vector<int8_t> codes;
  for (int64_t i = 0; i < count; ++i)
    codes.push_back(static_cast<int8_t>(i % 32 ? low + (i * i + i / 7) % (high - low + 1) : low));
  return codes;
}

Tensor blocks(GgmlType type, int low, int high, int64_t columns) {
  const std::vector<int8_t> codes = golden_codes(low, high, 2 * columns);
  std::vector<uint8_t> bytes;
  for (size_t r = 0; r < 2; ++r) {
    const auto row = formats::pack_blocks(
        type, std::span(codes).subspan(r * static_cast<size_t>(columns), static_cast<size_t>(columns)),
        to_f16(static_cast<float>(r + 1) / 64));
    for (const std::byte byte : row) bytes.push_back(std::to_integer<uint8_t>(byte));
  }
  return Tensor::from(Shape{std::ssize(bytes)}, bytes);
}

GgufModel golden_model() {
  GgufModel model;
  model.metadata = {{"general.architecture", "lowbit"},
                    {"test.u32", uint32_t{7}},
                    {"test.i32", int32_t{-7}},
                    {"test.f32", 0.1f},
                    {"test.bool", true},
                    {"test.string", "na\xc3\xafve"},
                    {"test.ints", std::vector<int32_t>{1, -2, 3}},
                    {"test.floats", std::vector<float>{0.5f, -1.5f}},
                    {"test.strings", std::vector<std::string>{"a", "", "bc"}}};
  model.tensors = {{"vector", GgmlType::f32, {3}, Tensor::from<float>({3}, {0, 1, 2})},
                   {"halves", GgmlType::f16, {2, 3}, Tensor::from<float>({6}, {0, 1, 2, 3, 4, 5}).to(DType::f16)},
                   {"Q4_0", GgmlType::q4_0, {2, 64}, blocks(GgmlType::q4_0, -8, 7, 64)},
                   {"Q8_0", GgmlType::q8_0, {2, 256}, blocks(GgmlType::q8_0, -127, 127, 256)},
                   {"TQ1_0", GgmlType::tq1_0, {2, 512}, blocks(GgmlType::tq1_0, -1, 1, 512)},
                   {"TQ2_0", GgmlType::tq2_0, {2, 512}, blocks(GgmlType::tq2_0, -1, 1, 512)}};
  return model;
}

TEST(Gguf, IsWrittenAsThePackageWritesIt) {
  const test::TempDir folder;
  save_gguf(folder.path("a.gguf"), golden_model());
  EXPECT_TRUE(test::contents(folder.path("a.gguf")) == test::contents(kBlocks));
}

TEST(Gguf, IsReadBack) {
  const GgufFile file(kBlocks);
  const GgufModel expected = golden_model();
  EXPECT_EQ(file.metadata, (std::map<std::string, GgufValue>(expected.metadata.begin(), expected.metadata.end())));
  ASSERT_EQ(file.tensors.size(), expected.tensors.size());
  for (const GgufTensor& tensor : expected.tensors) {
    const GgufFile::Entry& entry = file.tensors.at(tensor.name);
    EXPECT_EQ(entry.type, tensor.type);
    EXPECT_EQ(entry.shape, tensor.shape);
    ASSERT_EQ(entry.bytes.size(), tensor.data.bytes());
    EXPECT_EQ(std::memcmp(entry.bytes.data(), tensor.data.raw(), entry.bytes.size()), 0) << tensor.name;
  }
}

TEST(GgmlBlocks, GiveBackTheCodes) {
  const GgufFile file(kBlocks);
  struct Case {
    const char* name;
    int low, high;
  };
  for (const auto& [name, low, high] : {Case{"Q4_0", -8, 7}, {"Q8_0", -127, 127}, {"TQ1_0", -1, 1}, {"TQ2_0", -1, 1}}) {
    SCOPED_TRACE(name);
    const GgufFile::Entry& entry = file.tensors.at(name);
    EXPECT_EQ(formats::to_string(entry.type), name);
    const int64_t columns = entry.shape.last();
    const size_t row_bytes = entry.bytes.size() / 2;
    const std::vector<int8_t> codes = golden_codes(low, high, 2 * columns);
    for (size_t r = 0; r < 2; ++r) {
      const auto row = formats::unpack_blocks(entry.type, entry.bytes.subspan(r * row_bytes, row_bytes), columns);
      EXPECT_EQ(row.codes, std::vector<int8_t>(codes.begin() + static_cast<int64_t>(r) * columns,
                                               codes.begin() + static_cast<int64_t>(r + 1) * columns));
      EXPECT_EQ(to_float(row.scale), static_cast<float>(r + 1) / 64);
    }
  }
}

TEST(GgmlBlocks, RefuseWhatNoPackerWrites) {
  const std::vector<int8_t> codes = golden_codes(-1, 1, 512);
  const f16 scale = to_f16(1);
  EXPECT_THROW(formats::pack_blocks(GgmlType::tq2_0, std::span(codes).first(192), scale), Error);
  EXPECT_THROW(formats::pack_blocks(GgmlType::tq2_0, golden_codes(-8, 7, 256), scale), Error);
  EXPECT_THROW(formats::pack_blocks(GgmlType::f32, codes, scale), Error);
  auto row = formats::pack_blocks(GgmlType::tq2_0, codes, scale);
  EXPECT_THROW(formats::unpack_blocks(GgmlType::tq2_0, std::span(row).first(66), 512), Error);
  row[3] = std::byte{0xff};
  test::expect_error(ErrorKind::model, {"TQ2_0", "corrupt"},
                     [&] { formats::unpack_blocks(GgmlType::tq2_0, row, 512); });
  row = formats::pack_blocks(GgmlType::tq2_0, codes, scale);
  row.back() = std::byte{1};
  test::expect_error(ErrorKind::model, {"several scales"}, [&] { formats::unpack_blocks(GgmlType::tq2_0, row, 512); });
}

TEST(Gguf, BrokenFilesAreRefused) {
  const test::TempDir folder;
  const std::string whole = test::contents(kBlocks), path = folder.path("broken.gguf");
  const auto refused = [&](const std::string& bytes, std::initializer_list<const char*> words) {
    std::ofstream(path, std::ios::binary) << bytes;
    test::expect_error(ErrorKind::model, words, [&] { const GgufFile read(path); });
  };
  for (size_t length = 0; length < whole.size(); length += 37) refused(whole.substr(0, length), {"broken.gguf"});
  refused(whole + "x", {"its length is not that of its tensors"});
  const auto changed = [&](size_t at, char byte) {
    std::string bytes = whole;
    bytes[at] = byte;
    return bytes;
  };
  refused(changed(0, 'g'), {"is no GGUF file"});
  refused(changed(4, 2), {"version 2, only 3 is read"});
  refused(changed(15, 1), {"broken.gguf"});  // 2^56 more tensors
  const size_t record = whole.find("TQ2_0") + 5;
  refused(changed(record + 4, 1), {"no whole blocks"});
  refused(changed(record + 11, 0x7f), {"a shape that overflows"});
  refused(changed(whole.find("vector") + 6 + 11, 0x20), {"vector", "a shape that overflows"});
  refused(changed(record + 20, 1), {"is not where the tensor before it ends"});  // F16
  refused(changed(record + 20, 99), {"type 99"});
  refused(changed(record + 24, 32), {"is not where the tensor before it ends"});
  refused(changed(whole.find("TQ1_0") + 2, '2'), {"stands there twice"});
}

}  // namespace
}  // namespace lowbit
