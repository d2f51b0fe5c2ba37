#include "core/allocator.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>

#include "core/error.h"

namespace lowbit {
namespace {

constexpr size_t kAlignment = 64;

/// Rounds up to one of eight steps per power of two: at most 12.5 % waste, and few distinct sizes to cache.
size_t size_class(size_t bytes) {
  const size_t wanted = std::max(bytes, kAlignment);
  const size_t step = std::max(kAlignment, std::bit_floor(wanted) / 8);
  return (wanted + step - 1) / step * step;
}

constexpr size_t kHugePage = size_t{2} << 20;

/// Large blocks lie on huge pages where the system has them: streaming through a matrix of codes is bound by the page
/// tables otherwise.
void* from_system(size_t size) {
  void* block = nullptr;
  if (posix_memalign(&block, size < kHugePage ? kAlignment : kHugePage, size) != 0) return nullptr;
  if (size >= kHugePage)  // a hint; its failure changes nothing
    madvise(block, size / kHugePage * kHugePage, MADV_HUGEPAGE);
  return block;
}

class CpuAllocator final : public Allocator {
 public:
  Block allocate(size_t bytes) override {
    const size_t size = size_class(bytes);
    std::lock_guard lock(mutex_);
    Block block = take_cached(size);
    if (!block.ptr) block.ptr = from_system(size);
    if (!block.ptr) {
      drop_cache();
      block.ptr = from_system(size);
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
    cache_[block.bytes].push_back(block.ptr);
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
  Block take_cached(size_t size) {
    const auto found = cache_.lower_bound(size);
    if (found == cache_.end() || found->first > size + size / 2) return {nullptr, size};
    const Block block{found->second.back(), found->first};
    found->second.pop_back();
    if (found->second.empty()) cache_.erase(found);
    return block;
  }

  void drop_cache() noexcept {
    for (auto& [size, blocks] : cache_)
      for (void* ptr : blocks) std::free(ptr);
    cache_.clear();
  }

  mutable std::mutex mutex_;
  std::map<size_t, std::vector<void*>> cache_;
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
