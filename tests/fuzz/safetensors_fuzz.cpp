#include "core/files/safetensors.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const lowbit::fuzz::File file(data, size);
  return lowbit::fuzz::accepts_or_refuses([&] {
    const lowbit::SafetensorsFile tensors(file.path());
    for (const auto& [name, entry] : tensors.entries()) tensors.load(name);
  });
}
