#include "apps/lib/bench/peak_memory.h"

#include <malloc.h>

#include <fstream>
#include <string>

#include "core/allocator.h"

namespace lowbit {

PeakMemory::PeakMemory() {
  allocator({}).trim();
  allocator({}).reset_peak();
  malloc_trim(0);
  std::ofstream reset("/proc/self/clear_refs");
  reset << "5" << std::flush;  // VmHWM becomes the present size: proc(5)
  can_reset_ = reset.good();
}

size_t PeakMemory::tensor_bytes() const { return allocator({}).bytes_peak(); }

std::optional<int64_t> PeakMemory::resident_bytes() const {
  if (!can_reset_) return {};
  const std::string name = "VmHWM:";
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name)) return std::stoll(line.substr(name.size())) * 1024;
  return {};
}

}  // namespace lowbit
