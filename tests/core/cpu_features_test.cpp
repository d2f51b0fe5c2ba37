#include "core/cpu_features.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace lowbit {
namespace {

constexpr uint64_t kYmmState = 0x7, kZmmState = 0xe7, kTileState = 0x600e7;

CpuidLeaves every_bit(uint64_t xcr0) { return {~0u, ~0u, ~0u, ~0u, ~0u, xcr0}; }

TEST(CpuFeatures, StateBitsOfTheOperatingSystemDecide) {
  EXPECT_TRUE(decode_cpuid(every_bit(0)).names().empty());
  EXPECT_EQ(decode_cpuid(every_bit(kYmmState)).best_isa(), CpuIsa::avx2);
  EXPECT_EQ(decode_cpuid(every_bit(kZmmState)).best_isa(), CpuIsa::avx512_vbmi);
  EXPECT_EQ(decode_cpuid(every_bit(kTileState)).best_isa(), CpuIsa::amx);
  EXPECT_EQ(decode_cpuid(every_bit(kZmmState & ~0x20ull)).best_isa(), CpuIsa::avx2) << "no opmask state";
}

TEST(CpuFeatures, EachBitOfCpuidIsOneFeature) {
  const auto only = [](CpuidLeaves leaves) {
    leaves.xcr0 = kTileState;
    return decode_cpuid(leaves).names();
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(only({.leaf1_ecx = 1u << 12}), Names{"fma"});
  EXPECT_EQ(only({.leaf7_ebx = 1u << 5}), Names{"avx2"});
  EXPECT_EQ(only({.leaf7_ecx = 1u << 14}), Names{"avx512_vpopcntdq"});
  EXPECT_EQ(only({.leaf7_ecx = 1u << 12}), Names{"avx512_bitalg"});
  EXPECT_EQ(only({.leaf7_edx = 1u << 25}), Names{"amx_int8"});
  EXPECT_EQ(only({.leaf7_1_eax = 1u << 5}), Names{"avx512_bf16"});
}

TEST(CpuFeatures, AMissingFeatureLowersTheLevelAndACapRemovesWhatIsAbove) {
  CpuFeatures features = decode_cpuid(every_bit(kTileState));
  features.set(CpuFeature::avx512_bf16, false);
  EXPECT_EQ(features.best_isa(), CpuIsa::amx) << "no level needs avx512_bf16";
  features.set(CpuFeature::avx512_vbmi, false);
  EXPECT_EQ(features.best_isa(), CpuIsa::avx512_vnni) << "as Cascade Lake";
  features.set(CpuFeature::avx512_vnni, false);
  EXPECT_EQ(features.best_isa(), CpuIsa::avx512);
  features.set(CpuFeature::fma, false);
  EXPECT_EQ(features.best_isa(), CpuIsa::generic);
  for (CpuIsa isa :
       {CpuIsa::generic, CpuIsa::avx2, CpuIsa::avx512, CpuIsa::avx512_vnni, CpuIsa::avx512_vbmi, CpuIsa::amx}) {
    EXPECT_EQ(decode_cpuid(every_bit(kTileState)).capped(isa).best_isa(), isa);
  }
}

// The kernel decodes the same registers for /proc/cpuinfo; it hides what it does not save.
TEST(CpuFeatures, AgreesWithTheKernel) {
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::set<std::string> flags;
  for (std::string line; std::getline(cpuinfo, line);) {
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;) flags.insert(word == "avx512vbmi" ? "avx512_vbmi" : word);
    break;
  }
  if (flags.empty()) GTEST_SKIP() << "no flags in /proc/cpuinfo";
  for (int i = 0; i < kCpuFeatureCount; ++i) {
    const auto feature = static_cast<CpuFeature>(i);
    EXPECT_EQ(detected_cpu_features().has(feature), flags.contains(std::string(to_string(feature))))
        << to_string(feature);
  }
}

}  // namespace
}  // namespace lowbit
