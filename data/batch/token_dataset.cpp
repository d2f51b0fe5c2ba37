#include "data/batch/token_dataset.h"

#include <algorithm>

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

TokenDataset tokenize(const ParallelText& text, const Tokenizer& tokenizer, const std::string& source_language) {
  TokenDataset dataset;
  const std::vector<std::string> languages = languages_of(text);
  if (languages.empty()) {
    dataset.framings = {tokenizer.framing()};
  } else {
    dataset.framings.clear();
    for (const std::string& language : languages)
      dataset.framings.push_back(tokenizer.framing_for({source_language, language}));
    for (const std::string& language : text.language)
      dataset.framing_of.push_back(
          static_cast<int32_t>(std::lower_bound(languages.begin(), languages.end(), language) - languages.begin()));
  }
  for (int64_t row = 0; row < text.size(); ++row) {
    const Framing& framing = dataset.framing(row);
    dataset.source.append(encode_source(tokenizer, framing, text.source[static_cast<size_t>(row)]));
    dataset.target.append(encode_target(tokenizer, framing, text.target[static_cast<size_t>(row)]));
  }
  return dataset;
}

}  // namespace lowbit
