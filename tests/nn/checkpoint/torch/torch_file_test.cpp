#include "nn/checkpoint/torch/torch_file.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/files/crc32.h"
#include "core/files/safetensors.h"
#include "tests/nn/checkpoint/torch/torch_archive.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

using test::little;
using test::PickledTensor;
using test::torch_archive;
using test::zip_archive;
using test::ZipEntry;

std::string torch_golden(const std::string& name) { return LB_TEST_DIR "/golden/torch/" + name; }

class TorchFileTest : public ::testing::Test {
 protected:
  std::string path(const std::string& bytes) {
    test::write(folder_.path("weights.bin"), bytes);
    return folder_.path("weights.bin");
  }
  void expect_refused(const std::string& bytes, std::initializer_list<const char*> words) {
    const std::string file = path(bytes);
    test::expect_error(ErrorKind::model, {"weights.bin"}, [&] { TorchFile{file}; });
    test::expect_error(ErrorKind::model, words, [&] { TorchFile{file}; });
  }

 private:
  test::TempDir folder_;
};

/// Element by element, in row-major order.
std::string values_of(const StoredTensor& tensor) {
  const size_t width = size_of(tensor.dtype);
  std::string bytes;
  for (int64_t i = 0; i < tensor.shape.numel(); ++i) {
    int64_t place = tensor.strides.empty() ? i : 0, rest = i;
    for (int axis = tensor.shape.rank(); axis-- > 0 && !tensor.strides.empty(); rest /= tensor.shape[axis])
      place += rest % tensor.shape[axis] * tensor.strides[static_cast<size_t>(axis)];
    bytes.append(reinterpret_cast<const char*>(tensor.bytes.data()) + static_cast<size_t>(place) * width, width);
  }
  return bytes;
}

TEST_F(TorchFileTest, HoldsWhatTorchSavedInEveryContainerAndProtocol) {
  const StateDict expected = load_safetensors(torch_golden("awkward.safetensors"));
  for (const char* name :
       {"awkward.bin", "awkward-1.bin", "awkward-3.bin", "awkward-4.bin", "awkward-5.bin", "awkward-stream.bin"}) {
    const TorchFile file(torch_golden(name));
    EXPECT_EQ(file.entries().size(), expected.tensors.size()) << name;
    for (const auto& [key, tensor] : expected.tensors) {
      ASSERT_TRUE(file.entries().count(key)) << name << ' ' << key;
      const StoredTensor& stored = file.entries().at(key);
      EXPECT_EQ(stored.dtype, tensor.dtype()) << key;
      EXPECT_EQ(stored.shape, tensor.shape()) << key;
      EXPECT_EQ(values_of(stored), std::string(static_cast<const char*>(tensor.raw()), tensor.bytes())) << key;
      if (!is_floating(stored.dtype) || stored.shape.rank() == 0) continue;
      std::vector<float> floats(static_cast<size_t>(stored.shape.numel()));
      read_rows_as_f32(stored, 0, stored.shape[0], floats.data());
      EXPECT_EQ(floats, tensor.to(DType::f32).to_vector<float>()) << key;
      if (stored.shape[0] < 2) continue;
      const auto row = static_cast<std::ptrdiff_t>(stored.shape.numel() / stored.shape[0]);
      std::vector<float> second(static_cast<size_t>(row));
      read_rows_as_f32(stored, 1, 1, second.data());
      EXPECT_EQ(second, std::vector<float>(floats.begin() + row, floats.begin() + 2 * row)) << key;
    }
    // Views share their bytes, and only what does not lie row by row has strides.
    EXPECT_EQ(file.entries().at("transposed").bytes.data(), file.entries().at("whole").bytes.data());
    EXPECT_TRUE(file.entries().at("slice").strides.empty() && file.entries().at("one").strides.empty());
    EXPECT_EQ(file.entries().at("transposed").strides, (std::vector<int64_t>{1, 5}));
  }
}

TEST_F(TorchFileTest, ComparesWhateverTheLayout) {
  const TorchFile file(torch_golden("awkward.bin")), stream(torch_golden("awkward-stream.bin"));
  for (const auto& [name, tensor] : file.entries())
    for (const auto& [other, against] : stream.entries())
      EXPECT_EQ(same_bits(tensor, against), name == other) << name << ' ' << other;
  StoredTensor plain = file.entries().at("transposed");
  const std::string values = values_of(plain);
  plain.bytes = {reinterpret_cast<const std::byte*>(values.data()), values.size()};
  plain.strides.clear();
  EXPECT_TRUE(same_bits(plain, file.entries().at("transposed")));
}

TEST_F(TorchFileTest, RefusesAFileCutOffAnywhere) {
  for (const std::string& whole : {torch_archive(PickledTensor{}.str(), std::string(24, '\0')),
                                   test::contents(torch_golden("awkward-stream.bin"))}) {
    EXPECT_NO_THROW(TorchFile{path(whole)});
    for (size_t length = 0; length < whole.size(); ++length) expect_refused(whole.substr(0, length), {});
    expect_refused(whole + "x", {});
  }
}

TEST_F(TorchFileTest, ComparesTheCheckSumsOfWhatItReads) {
  const std::string pickle = PickledTensor{}.str(), data(24, 'x');
  const auto sum = [](const std::string& bytes) { return crc32(std::as_bytes(std::span(bytes))); };
  const auto archive = [&](uint32_t of_pickle, uint32_t of_data) {
    std::vector<ZipEntry> entries = {{"m/data.pkl", pickle}, {"m/data/0", data}, {"m/data/1", "unused"}};
    entries[0].check_sum = of_pickle;
    entries[1].check_sum = of_data;
    entries[2].check_sum = 5;  // wrong, but nobody asks for it
    return zip_archive(entries);
  };
  for (const auto& [of_pickle, of_data] : {std::pair(sum(pickle), sum(data)), std::pair(0u, 0u)})
    EXPECT_NO_THROW(TorchFile{path(archive(of_pickle, of_data))});
  expect_refused(archive(sum(pickle) ^ 1, sum(data)), {"m/data.pkl", "check sum", "damaged"});
  expect_refused(archive(sum(pickle), sum(data) ^ 1), {"data/0", "check sum", "damaged"});
  std::string damaged = test::contents(torch_golden("awkward.bin"));
  const TorchFile whole(torch_golden("awkward.bin"));
  const std::string values = values_of(whole.entries().at("parameter"));
  damaged[damaged.find(values)] ^= 1;
  expect_refused(damaged, {"entry \"data/", "check sum"});
}

/// Whatever a byte becomes, the file is read or refused: nothing else is thrown, and the sanitizers see no wrong step.
TEST_F(TorchFileTest, SurvivesEveryChangedByte) {
  for (const std::string& whole : {torch_archive(PickledTensor{}.str(), std::string(24, '\0')),
                                   test::contents(torch_golden("awkward-stream.bin"))}) {
    int64_t refused = 0;
    for (size_t i = 0; i < whole.size(); ++i)
      for (const int change : {0x01, 0x80, 0xff}) {
        std::string changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ change);
        try {
          const TorchFile file(path(changed));
          for (const auto& [name, tensor] : file.entries()) values_of(tensor);
        } catch (const Error& error) {
          EXPECT_EQ(error.kind(), ErrorKind::model);
          EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
          ++refused;
        }
      }
    EXPECT_GT(refused, 0);
  }
}

TEST_F(TorchFileTest, RefusesTensorsBeyondTheirStorage) {
  const auto refused = [&](const PickledTensor& tensor, std::initializer_list<const char*> words) {
    expect_refused(torch_archive(tensor.str(), std::string(24, '\0')), words);
  };
  const int64_t huge = INT64_MAX;
  EXPECT_NO_THROW(TorchFile{path(torch_archive(PickledTensor{}.str(), std::string(24, '\0')))});
  refused({.offset = 1}, {"\"w\"", "[2, 3]", "element 6 of a storage of 6"});
  refused({.sizes = {3, 3}}, {"\"w\"", "element 8"});
  refused({.strides = {4, 1}}, {"\"w\"", "element 6"});
  refused({.offset = -1}, {"\"w\"", "offset"});
  refused({.offset = huge}, {"\"w\"", "overflow"});
  refused({.sizes = {-2, 3}}, {"\"w\"", "sizes"});
  refused({.strides = {3, -1}}, {"\"w\"", "strides"});
  refused({.strides = {1}}, {"2 sizes and 1 strides"});
  refused({.strides = {huge, 1}}, {"\"w\"", "overflow"});
  refused({.strides = {huge - 2, 1}}, {"\"w\"", "storage of 6"});
  refused({.sizes = {3, 3}, .strides = {huge, 1}}, {"\"w\"", "overflow"});
  refused({.sizes = {huge, huge}, .strides = {0, 0}}, {"\"w\"", "overflow"});
  refused({.sizes = {1, 1, 1, 1, 1, 1, 1}, .strides = {1, 1, 1, 1, 1, 1, 1}}, {"\"w\"", "at most 6"});
  refused({.numel = 7}, {"\"m/data/0\"", "24 bytes", "28"});
  refused({.numel = 5}, {"\"m/data/0\"", "24 bytes", "20"});
  refused({.numel = huge}, {"elements"});
  refused({.numel = -1}, {"form"});
  refused({.type = "ShortStorage"}, {"torch.ShortStorage"});
  refused({.type = "device"}, {"torch.device"});
  refused({.type = "ComplexFloatStorage"}, {"torch.ComplexFloatStorage", "byte"});
}

TEST_F(TorchFileTest, RefusesWhatIsNoStateDict) {
  expect_refused(torch_archive("\x80\x02N."), {"no mapping"});
  expect_refused(torch_archive("}" + test::pickled("w") + "Ns."), {"\"w\"", "is no tensor"});
  expect_refused(torch_archive("}NNs."), {"a name that is no text"});
  expect_refused(torch_archive("N.N."), {"follow the end"});
  expect_refused(torch_archive("}" + test::pickled("w") + "ctorch._utils\n_rebuild_tensor_v2\n)Rs."), {"no storage"});
  expect_refused(torch_archive("}" + test::pickled("w") + "ctorch._utils\n_rebuild_tensor_v2\nN\x85Rs."),
                 {"no storage"});
  expect_refused(torch_archive("NQ."), {"form"});
  const std::string tensor = PickledTensor{}.str(), item = tensor.substr(3, tensor.size() - 5);
  expect_refused(torch_archive("}" + item + "s" + item + "s.", std::string(24, '\0')), {"\"w\"", "twice"});
  test::expect_error(ErrorKind::model, {"\"args\"", "is no tensor"}, [] { TorchFile(torch_golden("training.bin")); });
  expect_refused(torch_archive("}" + test::pickled("w") + "cos\nsystem\n" + test::pickled("true") + "\x85Rs."),
                 {"m/data.pkl", "byte 7", "\"os.system\""});
}

TEST_F(TorchFileTest, RefusesOtherContainers) {
  expect_refused("", {"no file that torch.save wrote"});
  expect_refused(std::string(257, 'a') + "ustar" + std::string(300, 'b'), {"tar archive"});
  expect_refused("\x80\x02}.", {"no file that torch.save wrote"});
  expect_refused(zip_archive({{"m/constants.pkl", "."}, {"m/data.pkl", "}."}}), {"TorchScript"});
  expect_refused(zip_archive({{"m/data.pkl", "}."}, {"m/byteorder", "big"}}), {"little-endian"});
  expect_refused(zip_archive({{"m/version", "3"}}), {"m/data.pkl"});
  expect_refused(zip_archive({{"m/data.pkl", PickledTensor{}.str()}}), {"no entry \"m/data/0\""});
}

TEST_F(TorchFileTest, RefusesArchivesThatLie) {
  const ZipEntry pickle{"m/data.pkl", PickledTensor{}.str()};
  const std::string zeros(24, '\0');
  const auto refused = [&](const ZipEntry& entry, std::initializer_list<const char*> words) {
    expect_refused(zip_archive({pickle, entry}), words);
  };
  EXPECT_NO_THROW(TorchFile{path(zip_archive({pickle, {"m/data/0", zeros}}))});
  refused({.name = "m/data/0", .data = zeros, .method = 8}, {"m/data/0", "compressed"});
  refused({.name = "m/data/0", .data = zeros, .flags = 1}, {"m/data/0", "encrypted"});
  refused({.name = "m/data/0", .data = zeros, .size = 25}, {"m/data/0", "25 bytes"});
  refused({.name = "m/data/0", .data = zeros, .size = 0xfffffffe}, {"m/data/0", "4294967294 bytes"});
  refused({.name = "m/data/0", .data = zeros, .size = 0xffffffff}, {"m/data/0", "64-bit"});
  refused({.name = "m/data/0", .data = zeros, .packed = 12}, {"m/data/0", "24 bytes stored as 12"});
  refused({.name = "m/data/0", .data = zeros, .local = 5}, {"m/data/0", "byte 5"});
  refused({.name = "m/data/0", .data = zeros, .local = 0x7fffffff}, {"m/data/0", "2147483647"});
  refused({.name = "m/data/0", .data = zeros, .local_name = "m/data/1"}, {"m/data/0", "another name"});
  refused({.name = "m/data.pkl", .data = pickle.data}, {"m/data.pkl", "twice"});
  refused({.name = "m/data.pkl", .data = zeros, .local = 0}, {"m/data.pkl", "twice"});
  // One archive inside an entry of another: both directories' entries would share bytes.
  const std::string inner = zip_archive({{"m/data/0", zeros}});
  expect_refused(
      zip_archive({pickle,
                   {"m/big", inner},
                   {.name = "m/data/0", .data = zeros, .local = static_cast<int64_t>(pickle.data.size() + 40 + 35)}}),
      {"\"m/big\" and \"m/data/0\" overlap"});
  std::string counted = zip_archive({pickle, {"m/data/0", zeros}});
  counted[counted.size() - 12] = counted[counted.size() - 14] = 3;
  expect_refused(counted, {"cut off"});
  counted[counted.size() - 12] = counted[counted.size() - 14] = 1;
  expect_refused(counted, {"belong to no entry"});
}

TEST_F(TorchFileTest, ReadsThe64BitFieldsOfAnArchive) {
  const std::string zeros(24, '\0'), pickle = PickledTensor{}.str();
  const auto extra = [](uint64_t size, uint64_t packed) {
    return "FB" + little(1, 2) + "x" + little(1, 2) + little(16, 2) + little(size, 8) + little(packed, 8);
  };
  const ZipEntry entry{.name = "m/data/0", .data = zeros, .size = 0xffffffff, .extra = extra(24, 24)};
  const std::string whole = zip_archive({{"m/data.pkl", pickle}, entry});
  const auto with_end = [&](const std::function<void(std::string&)>& spoil) {
    const std::string body = whole.substr(0, whole.size() - 22), end = whole.substr(whole.size() - 22);
    const uint64_t bytes = end[12] + 256 * end[13], at = static_cast<unsigned char>(end[16]) + 256 * end[17];
    std::string end64 = "PK\x06\x06" + little(44, 8) + little(0, 12) + little(2, 8) + little(2, 8) +
                        little(static_cast<unsigned char>(bytes), 8) + little(at, 8);
    std::string locator = "PK\x06\x07" + little(0, 4) + little(body.size(), 8) + little(1, 4);
    std::string records = end64 + locator;
    spoil(records);
    return body + records + "PK\x05\x06" + little(0, 4) + little(0xffffffff, 4) + little(UINT64_MAX, 8) + little(0, 2);
  };
  EXPECT_EQ(TorchFile{path(whole)}.entries().at("w").bytes.size(), 24u);
  EXPECT_EQ(TorchFile{path(with_end([](std::string&) {}))}.entries().at("w").bytes.size(), 24u);
  expect_refused(with_end([](std::string& records) { records[40] ^= 1; }), {"directory"});
  expect_refused(with_end([](std::string& records) { records[56 + 8] ^= 1; }), {"64-bit end"});
  expect_refused(with_end([](std::string& records) { records[56 + 15] ^= 1; }), {"64-bit end"});
  expect_refused(with_end([](std::string& records) { records[24] ^= 1; }), {"several parts"});
  for (const std::string& lie :
       {extra(25, 25), extra(24, 25), extra(UINT64_MAX, UINT64_MAX), extra(24, 24).substr(5, 12)})
    expect_refused(
        zip_archive({{"m/data.pkl", pickle}, {.name = "m/data/0", .data = zeros, .size = 0xffffffff, .extra = lie}}),
        {"m/data/0"});
}

}  // namespace
}  // namespace lowbit
