#include "core/allocator.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>

#include "core/error.h"

namespace lowbit {
namespace {

constexpr size_t kAlignment = 64;

/// Sizes of blocks: eight steps per power of two, at most 12.5 % waste, and few distinct sizes to cache.
struct SizeClass {
  static constexpr size_t kCount = size_t{8} * 48;

  size_t index;
  /// The smallest that holds `bytes`.
  static SizeClass of(size_t bytes) {
    const size_t wanted = std::max(bytes, kAlignment), step = std::max(kAlignment, std::bit_floor(wanted) / 8);
    return {8 * static_cast<size_t>(std::countr_zero(step / kAlignment)) + (wanted + step - 1) / step};
  }
  size_t bytes() const { return index < 8 ? index * kAlignment : (8 + index % 8) * kAlignment << (index / 8 - 1); }
};

constexpr size_t kHugePage = size_t{2} << 20;

/// Large blocks lie on huge pages where the system has them: streaming through a matrix of codes is bound by the page
/// tables otherwise.
void* from_system(size_t size, size_t alignment) {
  void* block = nullptr;
  if (posix_memalign(&block, alignment, size) != 0) return nullptr;
  if (size >= kHugePage)  // a hint; its failure changes nothing
    madvise(block, size / kHugePage * kHugePage, MADV_HUGEPAGE);
  return block;
}

/// Blocks smaller than a huge page, which share some: a packed layer of a model is one. A slab goes back to the system
/// when all its blocks are given back.
class Slabs {
 public:
#ifdef __SANITIZE_ADDRESS__
  static constexpr size_t kSmallest = kHugePage;  // blocks apart, so that their ends are watched
#else
  static constexpr size_t kSmallest = size_t{16} << 10;
#endif
  static bool holds(size_t size) { return kSmallest <= size && size < kHugePage; }

  void* carve(size_t size) {
    if (!newest_ || used_ + size > kBytes) {
      void* slab = from_system(kBytes, kBytes);
      if (!slab) return nullptr;
      newest_ = static_cast<std::byte*>(slab);
      used_ = 0;
    }
    ++blocks_[newest_];
    void* block = newest_ + used_;
    used_ += size + kAlignment;  // neighbours of one size would else meet in the same sets of the caches
    return block;
  }

  void give_back(void* block) noexcept {
    const auto slab = blocks_.find(static_cast<std::byte*>(block) - reinterpret_cast<uintptr_t>(block) % kBytes);
    if (--slab->second > 0) return;
    if (slab->first == newest_) newest_ = nullptr;
    std::free(slab->first);
    blocks_.erase(slab);
  }

 private:
  static constexpr size_t kBytes = 8 * kHugePage;

  std::map<std::byte*, int64_t> blocks_;  ///< of every slab, how many are out
  std::byte* newest_ = nullptr;
  size_t used_ = 0;  ///< of the newest
};

class CpuAllocator final : public Allocator {
 public:
  Block allocate(size_t bytes) override {
    const SizeClass wanted = SizeClass::of(bytes);
    std::lock_guard lock(mutex_);
    Block block = take_cached(wanted);
    if (!block.ptr) block.ptr = new_block(block.bytes);
    if (!block.ptr) {
      drop_cache();
      block.ptr = new_block(block.bytes);
    }
    LB_REQUIRE(block.ptr, ErrorKind::memory, "allocator",
               "out of memory: {} bytes asked for, {} in use, {} at the peak; use a smaller batch", bytes, in_use_,
               peak_);
    in_use_ += block.bytes;
    peak_ = std::max(peak_, in_use_);
    return block;
  }

  void release(Block block) noexcept override {
    std::lock_guard lock(mutex_);
    in_use_ -= block.bytes;
    cache_[SizeClass::of(block.bytes).index].push_back(block.ptr);
  }

  size_t bytes_in_use() const override {
    std::lock_guard lock(mutex_);
    return in_use_;
  }

  size_t bytes_peak() const override {
    std::lock_guard lock(mutex_);
    return peak_;
  }

  void reset_peak() override {
    std::lock_guard lock(mutex_);
    peak_ = in_use_;
  }

  void trim() noexcept override {
    std::lock_guard lock(mutex_);
    drop_cache();
  }

 private:
  /// The smallest cached block that fits and wastes at most a third of itself; batches of ragged lengths would else
  /// leave a block of every size behind.
  Block take_cached(SizeClass wanted) {
    const size_t size = wanted.bytes();
    for (SizeClass fits = wanted; fits.index < SizeClass::kCount && fits.bytes() <= size + size / 2; ++fits.index) {
      std::vector<void*>& blocks = cache_[fits.index];
      if (blocks.empty()) continue;
      const Block block{blocks.back(), fits.bytes()};
      blocks.pop_back();
      return block;
    }
    return {nullptr, size};
  }

  void* new_block(size_t size) {
    if (Slabs::holds(size)) return slabs_.carve(size);
    return from_system(size, size < kHugePage ? kAlignment : kHugePage);
  }

  void drop_cache() noexcept {
    for (SizeClass c{0}; c.index < SizeClass::kCount; ++c.index) {
      for (void* ptr : cache_[c.index]) Slabs::holds(c.bytes()) ? slabs_.give_back(ptr) : std::free(ptr);
      cache_[c.index].clear();
    }
  }

  mutable std::mutex mutex_;
  std::array<std::vector<void*>, SizeClass::kCount> cache_;  ///< blocks of each size
  Slabs slabs_;
  size_t in_use_ = 0, peak_ = 0;
};

}  // namespace

Allocator& allocator(Device device) {
  LB_REQUIRE(device.type == DeviceType::cpu, ErrorKind::device, "allocator", "{} is not built in; use cpu",
             to_string(device));
  static auto* cpu = new CpuAllocator;  // never destroyed: tensors of static lifetime may outlive it
  return *cpu;
}

}  // namespace lowbit
