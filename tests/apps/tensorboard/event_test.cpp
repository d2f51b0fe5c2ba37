#include "apps/lib/tensorboard/event.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numeric>

#include "apps/lib/tensorboard/crc32c.h"

namespace lowbit {
namespace {

// RFC 3720 B.4, and the check value of the CRC catalogue.
TEST(Crc32c, PublishedVectors) {
  std::string rising(32, '\0');
  std::iota(rising.begin(), rising.end(), '\0');
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43u);
  EXPECT_EQ(crc32c(rising), 0x46DD794Eu);
  EXPECT_EQ(crc32c(std::string(rising.rbegin(), rising.rend())), 0x113FDB5Cu);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(""), 0u);
}

// tests/golden/make_tensorboard.py makes the same events with the tensorboard package.
TEST(Events, AreTheBytesOfTheTensorboardPackage) {
  constexpr double kTime = 1700000000.25;
  const double values[] = {-1, 0, 1}, counts[] = {20, 55, 25};
  std::string ours;
  for (const std::string& event :
       {version_event(kTime), scalar_event(kTime, 200, "loss", 6.125), scalar_event(kTime, 0, "zero", 0),
        scalar_event(kTime, 300, "loss", std::nan("")),
        histogram_event(kTime, 70000, "levels/encoder.fc1.weight", level_histogram(values, counts)),
        text_event(kTime, 0, "config", "lr: *0.0005* é"), restart_event(kTime, 201)}) {
    ours += frame_record(event);
  }
  std::ifstream file(LB_TEST_DIR "/golden/tensorboard.tfevents", std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  ASSERT_FALSE(golden.empty());
  ASSERT_EQ(ours.size(), golden.size());
  for (size_t i = 0; i < golden.size(); ++i) ASSERT_EQ(ours[i], golden[i]) << "byte " << i;
}

}  // namespace
}  // namespace lowbit
