#pragma once

#include <algorithm>
#include <functional>
#include <utility>

#include "core/error.h"
#include "nn/generate/stepper.h"

namespace lowbit::testing {

/// A "model" that is a function of the sentence and its tokens so far (decoder start first): logits [V].
using TableModel = std::function<std::vector<float>(int sentence, const std::vector<int32_t>& history)>;

/// Steps a TableModel; the rows' histories move as a transformer's caches would.
class TableStepper final : public Stepper {
 public:
  TableStepper(TableModel model, std::vector<int> sentences) : model_(std::move(model)) {
    for (const int sentence : sentences) rows_.push_back({sentence, {}});
  }

  Tensor step(const std::vector<int32_t>& tokens) override {
    LB_CHECK(tokens.size() == rows_.size(), "table stepper", "{} tokens for {} rows", tokens.size(), rows_.size());
    most_rows = std::max(most_rows, rows_.size());
    std::vector<float> logits;
    for (size_t i = 0; i < rows_.size(); ++i) {
      rows_[i].history.push_back(tokens[i]);
      const std::vector<float> row = model_(rows_[i].sentence, rows_[i].history);
      logits.insert(logits.end(), row.begin(), row.end());
    }
    const int64_t rows = std::ssize(rows_);
    return Tensor::from(Shape{rows, std::ssize(logits) / rows}, logits);
  }

  void reorder(const std::vector<int32_t>& source) override {
    std::vector<Row> next;
    for (const int32_t row : source) next.push_back(rows_.at(static_cast<size_t>(row)));
    rows_ = std::move(next);
  }

  size_t most_rows = 0;

 private:
  struct Row {
    int sentence;
    std::vector<int32_t> history;
  };
  TableModel model_;
  std::vector<Row> rows_;
};

/// Pseudo-random logits in [0, 4) that depend on the last two tokens; multiples of 2^-18, hence exact in f32 and in
/// tests/golden/make_beam.py, which has the same function.
inline TableModel hash_model(uint32_t seed, int32_t vocabulary) {
  return [=](int sentence, const std::vector<int32_t>& history) {
    const auto before = history.size() > 1 ? static_cast<uint32_t>(history[history.size() - 2]) : 99u;
    std::vector<float> logits;
    for (int32_t token = 0; token < vocabulary; ++token) {
      uint32_t hash = seed + static_cast<uint32_t>(sentence) * 1000u;
      for (const uint32_t word : {before, static_cast<uint32_t>(history.back()), static_cast<uint32_t>(token)}) {
        hash = (hash ^ (word + 1)) * 0x9E3779B1u;
        hash ^= hash >> 15;
      }
      logits.push_back(static_cast<float>(hash & 0xFFFFF) * 0x1p-18f);
    }
    return logits;
  };
}

}  // namespace lowbit::testing
