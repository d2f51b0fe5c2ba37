#include "core/quant/formats.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/random.h"

namespace lowbit::formats {
namespace {

nlohmann::json golden_packing() {
  std::ifstream file(LB_TEST_DIR "/golden/golden_quant.json");
  const nlohmann::json golden = nlohmann::json::parse(file);
  for (const nlohmann::json& one : golden["cases"])
    if (one["id"] == "packing") return one;
  throw std::runtime_error("golden_quant.json has no case 'packing'");
}

std::vector<int8_t> codes_of(const nlohmann::json& values) {
  std::vector<int8_t> codes;
  for (const nlohmann::json& value : values) codes.push_back(static_cast<int8_t>(value.get<double>()));
  return codes;
}

TEST(Formats, MatchTheGoldenBytes) {
  const nlohmann::json golden = golden_packing(), &in = golden["inputs"], &out = golden["outputs"];
  const std::vector<int8_t> ternary = codes_of(in["ternary_codes"]);
  const std::span first20(ternary.data(), 20), first8(ternary.data(), 8);
  EXPECT_EQ(pack_i2s(ternary), out["i2s_32_bytes"].get<std::vector<uint8_t>>());
  EXPECT_EQ(pack_base3(first20), out["base3_bytes_first_20"].get<std::vector<uint8_t>>());
  EXPECT_EQ(tl1_indices(first8), out["tl1_nibbles_first_8"].get<std::vector<uint8_t>>());
  EXPECT_EQ(pack_larq(codes_of(in["signs"])), std::vector<uint32_t>{out["larq_word_first_10_bits"].get<uint32_t>()});
  EXPECT_EQ(pack_bcq(codes_of(in["bcq_signs"])), std::vector<uint8_t>{out["packbits_big_endian_byte"].get<uint8_t>()});
}

TEST(Formats, RoundTripOfEveryLength) {
  RandomState random{3};
  for (int64_t n = 0; n <= 300; n += n < 70 ? 1 : 23) {
    std::vector<int8_t> ternary, signs;
    for (int64_t i = 0; i < n; ++i) {
      ternary.push_back(static_cast<int8_t>(static_cast<int>(random.next_below(3)) - 1));
      signs.push_back(random.next_below(2) ? 1 : -1);
    }
    EXPECT_EQ(unpack_i2s(pack_i2s(ternary), n), ternary);
    EXPECT_EQ(unpack_base3(pack_base3(ternary), n), ternary);
    if (n % 2 == 0) {
      EXPECT_EQ(from_tl1_indices(tl1_indices(ternary)), ternary);
    }
    EXPECT_EQ(unpack_larq(pack_larq(signs), n), signs);
    EXPECT_EQ(unpack_bcq(pack_bcq(signs), n), signs);
  }
}

TEST(Formats, RefuseWhatNoPackerWrites) {
  const std::vector<int8_t> two = {2}, zero = {0};
  EXPECT_THROW(pack_i2s(two), Error);
  EXPECT_THROW(pack_larq(zero), Error);
  EXPECT_THROW(pack_bcq(zero), Error);
  EXPECT_THROW(unpack_i2s(std::vector<uint8_t>(32, 0xff), 128), Error);
  EXPECT_THROW(unpack_i2s(std::vector<uint8_t>(31), 128), Error);
  EXPECT_THROW(unpack_base3(std::vector<uint8_t>{243}, 5), Error);
  EXPECT_THROW(from_tl1_indices(std::vector<uint8_t>{9}), Error);
}

}  // namespace
}  // namespace lowbit::formats
