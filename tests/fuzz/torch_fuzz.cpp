#include "nn/checkpoint/fairseq_config.h"
#include "tests/fuzz/fuzz_file.h"

namespace {

/// Every element, whatever the layout.
void read_all(const lowbit::TensorFile& file) {
  constexpr int64_t kMost = 1 << 20;  // elements: a stride of 0 makes many of few bytes
  for (const auto& [name, entry] : file.entries()) {
    if (!lowbit::is_floating(entry.dtype) || entry.shape.rank() == 0 || entry.shape.numel() > kMost) continue;
    std::vector<float> values(static_cast<size_t>(entry.shape.numel()));
    lowbit::read_rows_as_f32(entry, 0, entry.shape[0], values.data());
    lowbit::same_bits(entry, entry);
  }
}

}  // namespace

/// A file of torch.save, as a state dict and as fairseq's checkpoint; what is neither of its containers, as the pickle.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using lowbit::fuzz::accepts_or_refuses;
  const lowbit::fuzz::File file(data, size);
  accepts_or_refuses([&] { read_all(lowbit::TorchFile(file.path())); });
  accepts_or_refuses([&] {
    const lowbit::FairseqFile checkpoint(file.path());
    read_all(checkpoint);
    lowbit::describe_fairseq(checkpoint);
  });
  return accepts_or_refuses([&] { lowbit::Pickle({reinterpret_cast<const std::byte*>(data), size}, "input"); });
}
