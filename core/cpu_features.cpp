#include "core/cpu_features.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/text.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace lowbit {
namespace {

constexpr std::array<std::string_view, kCpuFeatureCount> kFeatureNames = {
    "avx2",        "fma",         "f16c",        "avx512f",      "avx512bw",         "avx512vl",
    "avx512dq",    "avx512_vnni", "avx512_vbmi", "avx512_vbmi2", "avx512_vpopcntdq", "avx512_bitalg",
    "avx512_bf16", "gfni",        "amx_tile",    "amx_int8",     "amx_bf16"};
constexpr std::array<std::string_view, 6> kIsaNames = {"generic",     "avx2",        "avx512",
                                                       "avx512_vnni", "avx512_vbmi", "amx"};

// The level that each feature belongs to, in the order of CpuFeature: a level is present when all its features are but
// the optional ones, which no kernel of ours needs.
constexpr std::array<CpuIsa, kCpuFeatureCount> kFeatureLevel = {
    CpuIsa::avx2,        CpuIsa::avx2,        CpuIsa::avx2,        CpuIsa::avx512,      CpuIsa::avx512,
    CpuIsa::avx512,      CpuIsa::avx512,      CpuIsa::avx512_vnni, CpuIsa::avx512_vbmi, CpuIsa::avx512_vbmi,
    CpuIsa::avx512_vbmi, CpuIsa::avx512_vbmi, CpuIsa::avx512_vbmi, CpuIsa::avx512_vbmi, CpuIsa::amx,
    CpuIsa::amx,         CpuIsa::amx};
constexpr bool is_optional(CpuFeature feature) {
  return feature == CpuFeature::avx512_bf16 || feature == CpuFeature::avx512_vbmi2 || feature == CpuFeature::gfni;
}

constexpr bool bit(uint64_t word, int index) { return (word >> index & 1) != 0; }

#if defined(__x86_64__)
// Linux gives the 8 KiB of tile state only on request (Documentation/arch/x86/xstate.rst).
bool request_tile_state() {
  constexpr long kArchReqXcompPerm = 0x1023, kXfeatureTileData = 18;
  return syscall(SYS_arch_prctl, kArchReqXcompPerm, kXfeatureTileData) == 0;
}

uint64_t read_xcr0() {
  uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

CpuFeatures detect() {
  CpuidLeaves leaves;
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return {};
  leaves.leaf1_ecx = ecx;
  if (bit(ecx, 27)) leaves.xcr0 = read_xcr0();  // OSXSAVE: XGETBV exists
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0) {
    leaves.leaf7_ebx = ebx, leaves.leaf7_ecx = ecx, leaves.leaf7_edx = edx;
    if (eax >= 1 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0) leaves.leaf7_1_eax = eax;
  }
  CpuFeatures features = decode_cpuid(leaves);
  if (features.has(CpuFeature::amx_tile) && !request_tile_state()) features = features.capped(CpuIsa::avx512_vbmi);
  return features;
}
#else
CpuFeatures detect() { return {}; }
#endif

CpuIsa isa_cap() {
  const char* wanted = std::getenv("LOWBIT_CPU_ISA");
  if (wanted == nullptr || *wanted == '\0') return CpuIsa::amx;
  for (size_t i = 0; i < kIsaNames.size(); ++i) {
    if (kIsaNames[i] == wanted) return static_cast<CpuIsa>(i);
  }
  const std::vector<std::string> names(kIsaNames.begin(), kIsaNames.end());
  fail(ErrorKind::usage, "LOWBIT_CPU_ISA", "no level \"{}\"{} (of {})", wanted, nearest_hint(wanted, names),
       fmt::join(names, ", "));
}

}  // namespace

std::string_view to_string(CpuFeature feature) { return kFeatureNames[static_cast<size_t>(feature)]; }
std::string_view to_string(CpuIsa isa) { return kIsaNames[static_cast<size_t>(isa)]; }

CpuIsa CpuFeatures::best_isa() const {
  CpuIsa best = CpuIsa::amx;
  for (int i = 0; i < kCpuFeatureCount; ++i) {
    const bool missing = !bits_[static_cast<size_t>(i)] && !is_optional(static_cast<CpuFeature>(i));
    if (missing && kFeatureLevel[static_cast<size_t>(i)] <= best) {
      best = static_cast<CpuIsa>(static_cast<int>(kFeatureLevel[static_cast<size_t>(i)]) - 1);
    }
  }
  return best;
}

CpuFeatures CpuFeatures::capped(CpuIsa isa) const {
  CpuFeatures result = *this;
  for (size_t i = 0; i < kCpuFeatureCount; ++i) {
    if (kFeatureLevel[i] > isa) result.bits_.reset(i);
  }
  return result;
}

std::vector<std::string> CpuFeatures::names() const {
  std::vector<std::string> result;
  for (size_t i = 0; i < kCpuFeatureCount; ++i) {
    if (bits_[i]) result.emplace_back(kFeatureNames[i]);
  }
  return result;
}

CpuFeatures decode_cpuid(const CpuidLeaves& leaves) {
  const bool saves_ymm = (leaves.xcr0 & 0x6) == 0x6;            // XMM (1), upper YMM (2)
  const bool saves_zmm = (leaves.xcr0 & 0xe6) == 0xe6;          // and opmask (5), upper ZMM (6), ZMM16-31 (7)
  const bool saves_tiles = (leaves.xcr0 & 0x60000) == 0x60000;  // TILECFG (17), TILEDATA (18)
  CpuFeatures features;
  const auto set = [&](CpuFeature feature, uint32_t word, int index, bool state) {
    features.set(feature, state && bit(word, index));
  };
  set(CpuFeature::avx2, leaves.leaf7_ebx, 5, saves_ymm);
  set(CpuFeature::fma, leaves.leaf1_ecx, 12, saves_ymm);
  set(CpuFeature::f16c, leaves.leaf1_ecx, 29, saves_ymm);
  set(CpuFeature::avx512f, leaves.leaf7_ebx, 16, saves_zmm);
  set(CpuFeature::avx512bw, leaves.leaf7_ebx, 30, saves_zmm);
  set(CpuFeature::avx512vl, leaves.leaf7_ebx, 31, saves_zmm);
  set(CpuFeature::avx512dq, leaves.leaf7_ebx, 17, saves_zmm);
  set(CpuFeature::avx512_vnni, leaves.leaf7_ecx, 11, saves_zmm);
  set(CpuFeature::avx512_vbmi, leaves.leaf7_ecx, 1, saves_zmm);
  set(CpuFeature::avx512_vbmi2, leaves.leaf7_ecx, 6, saves_zmm);
  set(CpuFeature::avx512_vpopcntdq, leaves.leaf7_ecx, 14, saves_zmm);
  set(CpuFeature::avx512_bitalg, leaves.leaf7_ecx, 12, saves_zmm);
  set(CpuFeature::avx512_bf16, leaves.leaf7_1_eax, 5, saves_zmm);
  set(CpuFeature::gfni, leaves.leaf7_ecx, 8, saves_ymm);
  set(CpuFeature::amx_tile, leaves.leaf7_edx, 24, saves_tiles);
  set(CpuFeature::amx_int8, leaves.leaf7_edx, 25, saves_tiles);
  set(CpuFeature::amx_bf16, leaves.leaf7_edx, 22, saves_tiles);
  return features;
}

const CpuFeatures& detected_cpu_features() {
  static const CpuFeatures features = detect();
  return features;
}

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detected_cpu_features().capped(isa_cap());
  return features;
}

std::string cpu_brand() {
#if defined(__x86_64__)
  std::array<uint32_t, 12> words{};
  for (uint32_t i = 0; i < 3; ++i) {
    if (__get_cpuid(0x80000002 + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]) == 0)
      return {};
  }
  std::string brand(sizeof(words), '\0');
  std::memcpy(brand.data(), words.data(), sizeof(words));
  brand.resize(std::strlen(brand.c_str()));
  brand.erase(brand.find_last_not_of(' ') + 1);
  return brand;
#else
  return {};
#endif
}

}  // namespace lowbit
