#include "data/batch/prefetch.h"

#include <gtest/gtest.h>

#include "data/batch/batcher.h"
#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

/// Batches that hold nothing but their position; position `bad` fails.
class Counter final : public BatchSource {
 public:
  explicit Counter(int64_t bad = -1) : bad_(bad) {}
  Batch next() override {
    if (position_ == bad_) fail(ErrorKind::data, "counter", "no batch {}", bad_);
    Batch batch;
    batch.row_ids = {position_++};
    return batch;
  }
  void seek(int64_t position) override { position_ = position; }
  int64_t position() const override { return position_; }
  int64_t batches_per_epoch() const override { return 10; }

 private:
  int64_t bad_, position_ = 0;
};

TEST(Prefetch, GivesWhatTheBatcherGives) {
  TokenDataset dataset;
  for (int32_t i = 0; i < 200; ++i) {
    dataset.source.append(std::vector<int32_t>(static_cast<size_t>(i % 11), i));
    dataset.target.append(std::vector<int32_t>(static_cast<size_t>(i % 7), i));
  }
  const BatcherOptions options{.max_tokens = 64};
  for (const int64_t depth : {1, 2, 100}) {
    Batcher plain(dataset, options);
    Prefetch ahead(std::make_unique<Batcher>(dataset, options), depth);
    ASSERT_EQ(ahead.batches_per_epoch(), plain.batches_per_epoch());
    for (int64_t i = 0; i < 3 * plain.batches_per_epoch(); ++i) {
      if (i == 5) plain.seek(40), ahead.seek(40);
      ASSERT_EQ(ahead.position(), plain.position());
      const Batch expected = plain.next(), batch = ahead.next();
      ASSERT_EQ(batch.row_ids, expected.row_ids);
      ASSERT_EQ(batch.source, expected.source);
      ASSERT_EQ(batch.target_in, expected.target_in);
      ASSERT_EQ(batch.target_out, expected.target_out);
      ASSERT_EQ(batch.source_lengths, expected.source_lengths);
      ASSERT_EQ(batch.target_tokens, expected.target_tokens);
    }
  }
}

TEST(Prefetch, SeeksWhileFullAndWhileEmpty) {
  Prefetch ahead(std::make_unique<Counter>(), 3);
  for (int64_t i = 0; i < 300; ++i) {
    ahead.seek(i * 7);
    EXPECT_EQ(ahead.next().row_ids[0], i * 7);
    EXPECT_EQ(ahead.next().row_ids[0], i * 7 + 1);
  }
}

TEST(Prefetch, AnErrorComesInItsTurn) {
  Prefetch ahead(std::make_unique<Counter>(3), 8);
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(ahead.next().row_ids[0], i);
  for (int repeat = 0; repeat < 2; ++repeat) test::expect_error(ErrorKind::data, {"no batch 3"}, [&] { ahead.next(); });
  ahead.seek(4);
  EXPECT_EQ(ahead.next().row_ids[0], 4);
}

TEST(Prefetch, EndsWithoutBeingUsed) {
  for (int i = 0; i < 100; ++i) Prefetch(std::make_unique<Counter>(), 1 + i % 3);
}

}  // namespace
}  // namespace lowbit
