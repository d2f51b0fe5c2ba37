#include "nn/checkpoint/fairseq_file.h"

#include "core/error.h"
#include "core/text.h"

namespace lowbit {
namespace {

/// Rows [part * rows, (part + 1) * rows) of a tensor whose rows follow each other.
StoredTensor third(const StoredTensor& whole, int64_t part) {
  StoredTensor tensor = whole;
  const int64_t rows = whole.shape[0] / 3;
  const size_t bytes = whole.bytes.size() / 3;
  tensor.shape = whole.shape.rank() == 1 ? Shape{rows} : Shape{rows, whole.shape[1]};
  tensor.bytes = whole.bytes.subspan(static_cast<size_t>(part) * bytes, bytes);
  return tensor;
}

}  // namespace

FairseqFile::FairseqFile(const std::string& path) : TorchFile(path, "model") {
  for (const auto& [name, entry] : entries_)
    if (name.ends_with(".in_proj_weight") || name.ends_with(".in_proj_bias")) split_.push_back(name);
  for (const std::string& name : split_) {
    const StoredTensor whole = entries_.at(name);
    const bool fits = (whole.shape.rank() == 1 || whole.shape.rank() == 2) && whole.shape[0] % 3 == 0;
    LB_REQUIRE(fits && whole.strides.empty(), ErrorKind::model, "import",
               "{}: tensor {} of shape {} is no stack of three projections", path, quoted_name(name),
               whole.shape.str());
    const size_t at = name.rfind("in_proj_");
    const char* const letters[] = {"q", "k", "v"};
    for (int64_t part = 0; part < 3; ++part) {
      const std::string single = fmt::format("{}{}_proj.{}", name.substr(0, at), letters[part],
                                             name.substr(at + std::string("in_proj_").size()));
      LB_REQUIRE(entries_.emplace(single, third(whole, part)).second, ErrorKind::model, "import",
                 "{}: tensors {} and {} both hold a projection", path, quoted_name(name), quoted_name(single));
    }
    entries_.erase(name);
  }
}

}  // namespace lowbit
