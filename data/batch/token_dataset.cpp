#include "data/batch/token_dataset.h"

#include "core/error.h"
#include "core/files/checksum.h"

namespace lowbit {

void TokenRows::append(std::span<const int32_t> row) {
  ids_.insert(ids_.end(), row.begin(), row.end());
  offsets_.push_back(static_cast<int64_t>(ids_.size()));
}

std::span<const int32_t> TokenRows::operator[](int64_t row) const {
  LB_CHECK(row >= 0 && row < size(), "TokenRows", "row {} of {}", row, size());
  return std::span(ids_).subspan(static_cast<size_t>(offsets_[static_cast<size_t>(row)]),
                                 static_cast<size_t>(length(row)));
}

int64_t TokenRows::length(int64_t row) const {
  const auto i = static_cast<size_t>(row);
  return offsets_[i + 1] - offsets_[i];
}

uint64_t TokenRows::fingerprint() const {
  Checksum sum;
  sum.add(std::as_bytes(std::span(ids_)));
  sum.add(std::as_bytes(std::span(offsets_)));
  return sum.value();
}

uint64_t TokenDataset::fingerprint() const {
  const uint64_t sides[] = {source.fingerprint(), target.fingerprint()};
  Checksum sum;
  sum.add(std::as_bytes(std::span(sides)));
  return sum.value();
}

TokenDataset tokenize(const ParallelText& text, const Tokenizer& tokenizer) {
  TokenDataset dataset;
  dataset.framings = {tokenizer.framing()};
  for (const std::string& line : text.source) dataset.source.append(encode_source(tokenizer, line));
  for (const std::string& line : text.target) dataset.target.append(encode_target(tokenizer, line));
  return dataset;
}

}  // namespace lowbit
