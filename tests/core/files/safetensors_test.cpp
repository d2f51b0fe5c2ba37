#include "core/files/safetensors.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/half.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

using test::contents;
using test::expect_error;
using test::TempDir;

const std::string kMixed = LB_TEST_DIR "/golden/mixed.safetensors";

/// The rule of tests/golden/make_safetensors.py.
template <class T, class Convert>
void expect_values(const StateDict& state, const std::string& name, const Shape& shape, Convert convert) {
  ASSERT_TRUE(state.tensors.count(name)) << name;
  const Tensor& tensor = state.tensors.at(name);
  EXPECT_EQ(tensor.shape(), shape) << name;
  ASSERT_EQ(tensor.dtype(), dtype_of<T>) << name;
  for (int64_t i = 0; i < shape.numel(); ++i) EXPECT_EQ(convert(tensor.data<T>()[i], i), true) << name << " " << i;
}

std::string write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

/// A file with this header (its true length before it) and `data_bytes` zero bytes.
std::string with_header(const std::string& header, size_t data_bytes) {
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(header.size() >> (8 * i));
  return bytes + header + std::string(data_bytes, '\0');
}

TEST(Safetensors, ReadsTheReferenceWriter) {
  const StateDict state = load_safetensors(kMixed);
  EXPECT_EQ(state.tensors.size(), 11u);
  EXPECT_EQ(state.metadata, (std::map<std::string, std::string>{{"format", "pt"}}));
  const auto half_steps = [](auto x, int64_t i) { return static_cast<double>(x) == static_cast<double>(i - 3) / 2; };
  const auto narrow_steps = [](auto x, int64_t i) { return to_float(x) == static_cast<float>(i - 3) / 2; };
  const auto integers = [](auto x, int64_t i) { return static_cast<int64_t>(x) == i - 3; };
  expect_values<float>(state, "decoder.weight", {3, 5}, half_steps);
  expect_values<f16>(state, "decoder.half", {7}, narrow_steps);
  expect_values<bf16>(state, "decoder.brain", {2, 1, 3}, narrow_steps);
  expect_values<double>(state, "check.double", {4}, half_steps);
  expect_values<int64_t>(state, "ids", {2, 2}, integers);
  expect_values<int32_t>(state, "positions", {5}, integers);
  expect_values<int8_t>(state, "codes", {9}, integers);
  expect_values<uint8_t>(state, "packed", {3}, [](uint8_t x, int64_t i) { return x == i; });
  expect_values<float>(state, "scalar", {}, half_steps);
  expect_values<float>(state, "empty", {0, 4}, half_steps);
  expect_values<float>(state, "zürich/\"quoted\"\n", {1}, half_steps);
}

TEST(Safetensors, WritesTheBytesOfTheReferenceWriter) {
  const TempDir folder;
  save_safetensors(folder.path("copy.safetensors"), load_safetensors(kMixed));
  EXPECT_EQ(contents(folder.path("copy.safetensors")), contents(kMixed));
}

TEST(Safetensors, NothingInNothingOut) {
  const TempDir folder;
  save_safetensors(folder.path("none"), {});
  const StateDict state = load_safetensors(folder.path("none"));
  EXPECT_TRUE(state.tensors.empty());
  EXPECT_TRUE(state.metadata.empty());
}

TEST(Safetensors, MissingTensorAndMissingFile) {
  expect_error(ErrorKind::model, {"mixed.safetensors", "no tensor \"decoder.bias\""},
               [] { SafetensorsFile(kMixed).load("decoder.bias"); });
  expect_error(ErrorKind::model, {"absent.safetensors", "No such file"},
               [] { load_safetensors("absent.safetensors"); });
  expect_error(ErrorKind::model, {"not a regular file"}, [] { load_safetensors(LB_TEST_DIR); });
}

TEST(Safetensors, RefusesToWriteWhatCannotBeRead) {
  const TempDir folder;
  const Tensor one = Tensor::zeros({1});
  expect_error(ErrorKind::internal, {"__metadata__"}, [&] {
    save_safetensors(folder.path("a"), {{{"__metadata__", one}}, {}});
  });
  expect_error(ErrorKind::internal, {"UTF-8"}, [&] { save_safetensors(folder.path("a"), {{{"\xff", one}}, {}}); });
  expect_error(ErrorKind::internal, {"undefined"}, [&] { save_safetensors(folder.path("a"), {{{"x", {}}}, {}}); });
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

struct Broken {
  const char* why;
  std::string bytes;
  std::vector<const char*> words;
};

class BrokenSafetensors : public testing::TestWithParam<Broken> {};

TEST_P(BrokenSafetensors, IsRefusedByName) {
  const TempDir folder;
  const std::string path = write(folder.path("broken.safetensors"), GetParam().bytes);
  for (const char* word : GetParam().words)
    expect_error(ErrorKind::model, {"broken.safetensors", word}, [&] { SafetensorsFile file(path); });
}

std::string one_tensor(const std::string& dtype, const std::string& shape, const std::string& range) {
  return R"({"w":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + range + "}}";
}

std::string two_tensors(const std::string& first, const std::string& second) {
  return R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)" + first +
         R"(},"b":{"dtype":"F32","shape":[2],"data_offsets":)" + second + "}}";
}

INSTANTIATE_TEST_SUITE_P(
    Headers, BrokenSafetensors,
    testing::Values(
        Broken{"empty", "", {"cut off"}}, Broken{"short_length", "1234567", {"cut off"}},
        Broken{"length_beyond_file", std::string("\x40\0\0\0\0\0\0\0{}", 10), {"header of 64 bytes", "cut off"}},
        Broken{"huge_length",
               std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10),
               {"not a safetensors file", "at most 100000000"}},
        Broken{"text", "one two three four", {"not a safetensors file"}},
        Broken{"no_header", std::string(8, '\0'), {"'{'"}}, Broken{"leading_space", with_header(" {}", 0), {"'{'"}},
        Broken{"array", with_header("[]", 0), {"'{'"}}, Broken{"not_json", with_header("{\"w\":", 0), {"not JSON"}},
        Broken{"no_double", with_header("{\"w\":1e999}", 0), {"no double"}},
        Broken{"text_after", with_header("{} x", 0), {"not JSON"}},
        Broken{"not_utf8", with_header("{\"\xff\":1}", 0), {"not JSON"}},
        Broken{"deep", with_header("{\"w\":" + std::string(100000, '['), 0), {"nested too deep"}},
        Broken{"duplicate_tensor",
               with_header(R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                           R"("w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                           1),
               {"\"w\"", "twice"}},
        Broken{"duplicate_field",
               with_header(R"({"w":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1),
               {"\"dtype\"", "twice"}},
        Broken{"metadata_list", with_header(R"({"__metadata__":["pt"]})", 0), {"map of strings"}},
        Broken{"metadata_number", with_header(R"({"__metadata__":{"step":3}})", 0), {"\"step\"", "must be a string"}},
        Broken{"entry_not_object", with_header(R"({"w":7})", 0), {"\"w\"", "must have dtype"}},
        Broken{"entry_without_shape", with_header(R"({"w":{"dtype":"U8","data_offsets":[0,1]}})", 1), {"must have"}},
        Broken{"entry_with_more",
               with_header(R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"strides":[1]}})", 1),
               {"nothing else"}},
        Broken{"unknown_dtype", with_header(one_tensor("\"F4\"", "[2]", "[0,1]"), 1), {"\"w\"", "\"F4\"", "supported"}},
        Broken{"dtype_not_string", with_header(one_tensor("4", "[2]", "[0,1]"), 1), {"dtype 4"}},
        Broken{"negative_extent", with_header(one_tensor("\"U8\"", "[-1]", "[0,1]"), 1), {"shape", "integers from 0"}},
        Broken{"fractional_extent", with_header(one_tensor("\"U8\"", "[1.0]", "[0,1]"), 1), {"integers from 0"}},
        Broken{"extent_beyond_i64",
               with_header(one_tensor("\"U8\"", "[9223372036854775808]", "[0,1]"), 1),
               {"integers from 0"}},
        Broken{"shape_overflows",
               with_header(one_tensor("\"F64\"", "[4294967296,4294967296,4294967296]", "[0,8]"), 8),
               {"\"w\"", "overflows"}},
        Broken{"overflow_before_zero",
               with_header(one_tensor("\"F64\"", "[4294967296,4294967296,0]", "[0,0]"), 0),
               {"overflows"}},
        Broken{"rank_seven", with_header(one_tensor("\"U8\"", "[1,1,1,1,1,1,1]", "[0,1]"), 1), {"rank 7"}},
        Broken{"one_offset", with_header(one_tensor("\"U8\"", "[1]", "[1]"), 1), {"\"w\"", "data_offsets [1]"}},
        Broken{"range_backwards", with_header(one_tensor("\"U8\"", "[1]", "[1,0]"), 1), {"not a range"}},
        Broken{"range_outside",
               with_header(one_tensor("\"U8\"", "[2]", "[0,2]"), 1),
               {"cut off", "1 bytes of tensors", "of 2"}},
        Broken{"size_mismatch", with_header(one_tensor("\"F16\"", "[3]", "[0,4]"), 4), {"\"w\"", "needs 6 bytes"}},
        Broken{"overlap", with_header(two_tensors("[0,8]", "[4,12]"), 12), {"\"b\"", "overlaps"}},
        Broken{"same_range", with_header(two_tensors("[0,8]", "[0,8]"), 8), {"overlaps"}},
        Broken{"hole", with_header(two_tensors("[0,8]", "[12,20]"), 20), {"4 bytes before tensor \"b\""}},
        Broken{"hole_at_start", with_header(two_tensors("[4,12]", "[12,20]"), 20), {"4 bytes before tensor \"a\""}},
        Broken{"trailing_data", with_header(two_tensors("[0,8]", "[8,16]"), 19), {"3 bytes at the end"}}),
    [](const auto& test) { return std::string(test.param.why); });

/// Whatever single byte of the header is wrong, the file is either refused or still holds together.
TEST(Safetensors, OneWrongHeaderByteNeverEscapesTheChecks) {
  const TempDir folder;
  const std::string good = contents(kMixed);
  const size_t header_end = 8 + static_cast<unsigned char>(good[0]) + 256u * static_cast<unsigned char>(good[1]);
  int refused = 0;
  for (size_t i = 0; i < header_end; ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 + i % 127));
    const std::string path = write(folder.path("bad"), bad);
    try {
      const StateDict state = load_safetensors(path);
      for (const auto& [name, tensor] : state.tensors) EXPECT_LE(tensor.bytes(), bad.size());
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::model);
      ++refused;
    }
  }
  EXPECT_GT(refused, static_cast<int>(header_end / 2));
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const TempDir folder;
  const std::string good = contents(kMixed);
  for (size_t size = 0; size < good.size(); size += 7) {
    const std::string path = write(folder.path("cut"), good.substr(0, size));
    expect_error(ErrorKind::model, {"cut"}, [&] { SafetensorsFile file(path); });
  }
}

}  // namespace
}  // namespace lowbit
