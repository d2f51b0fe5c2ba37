#include "data/batch/batcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

/// Rows of random length below the limits; ids from 4 on.
TokenDataset random_dataset(int64_t rows, int max_source = 20, int max_target = 25) {
  std::mt19937 random(7);
  TokenDataset dataset;
  const auto append = [&](TokenRows& side, int limit) {
    std::vector<int32_t> row(random() % static_cast<unsigned>(limit));
    for (int32_t& id : row) id = 4 + static_cast<int32_t>(random() % 100);
    side.append(row);
  };
  for (int64_t i = 0; i < rows; ++i) append(dataset.source, max_source), append(dataset.target, max_target);
  return dataset;
}

TokenDataset lengths_dataset(const std::vector<std::pair<int, int>>& lengths) {
  TokenDataset dataset;
  for (const auto& [source, target] : lengths) {
    dataset.source.append(std::vector<int32_t>(static_cast<size_t>(source), 5));
    dataset.target.append(std::vector<int32_t>(static_cast<size_t>(target), 6));
  }
  return dataset;
}

std::vector<Batch> epoch_of(Batcher& batcher, int64_t epoch) {
  std::vector<Batch> batches;
  batcher.seek(epoch * batcher.batches_per_epoch());
  for (int64_t i = 0; i < batcher.batches_per_epoch(); ++i) batches.push_back(batcher.next());
  return batches;
}

std::vector<int64_t> row_ids(const std::vector<Batch>& batches) {
  std::vector<int64_t> ids;
  for (const Batch& batch : batches) ids.insert(ids.end(), batch.row_ids.begin(), batch.row_ids.end());
  return ids;
}

TEST(Batcher, RowsAreFramedAndPadded) {
  TokenDataset dataset;
  dataset.source.append(std::vector<int32_t>{10, 11});
  dataset.target.append(std::vector<int32_t>{20});
  dataset.source.append(std::vector<int32_t>{});
  dataset.target.append(std::vector<int32_t>{21, 22, 23});
  Batcher batcher(dataset, {.order = Order::by_length});
  const Batch batch = batcher.next();
  EXPECT_EQ(batch.rows, 2);
  EXPECT_EQ(batch.row_ids, (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(batch.source_length, 3);
  EXPECT_EQ(batch.target_length, 4);
  EXPECT_EQ(batch.source, (std::vector<int32_t>{2, 1, 1, 10, 11, 2}));
  EXPECT_EQ(batch.target_in, (std::vector<int32_t>{2, 21, 22, 23, 2, 20, 1, 1}));
  EXPECT_EQ(batch.target_out, (std::vector<int32_t>{21, 22, 23, 2, 20, 2, 1, 1}));
  EXPECT_EQ(batch.source_lengths, (std::vector<int32_t>{1, 3}));
  EXPECT_EQ(batch.target_lengths, (std::vector<int32_t>{4, 2}));
  EXPECT_EQ(batch.source_tokens, 4);
  EXPECT_EQ(batch.target_tokens, 6);
}

TEST(Batcher, AFramingOfTheDatasetReplacesEnds) {
  TokenDataset dataset;
  dataset.framings = {{.source_end = 90, .target_end = 91, .decoder_start = 91}};  // mBART-cc25: rows hold "X </s>"
  dataset.source.append(std::vector<int32_t>{10, 2});
  dataset.target.append(std::vector<int32_t>{20, 2});
  Batcher batcher(dataset, {});
  const Batch batch = batcher.next();
  EXPECT_EQ(batch.source, (std::vector<int32_t>{10, 2, 90}));
  EXPECT_EQ(batch.target_in, (std::vector<int32_t>{91, 20, 2}));
  EXPECT_EQ(batch.target_out, (std::vector<int32_t>{20, 2, 91}));
}

TEST(Batcher, EveryRowOnceAnEpochWithItsOwnTokens) {
  const TokenDataset dataset = random_dataset(1000);
  Batcher batcher(dataset, {.max_tokens = 200, .max_sentences = 16});
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    const auto batches = epoch_of(batcher, epoch);
    auto ids = row_ids(batches);
    std::sort(ids.begin(), ids.end());
    ASSERT_EQ(ids.size(), 1000u);
    EXPECT_TRUE(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
    for (const Batch& batch : batches) {
      EXPECT_LE(batch.rows * std::max(batch.source_length, batch.target_length), 200);
      EXPECT_LE(batch.rows, 16);
      for (int64_t i = 0; i < batch.rows; ++i) {
        const auto expected = dataset.target[batch.row_ids[static_cast<size_t>(i)]];
        const auto row = batch.target_out.begin() + i * batch.target_length;
        EXPECT_TRUE(std::equal(expected.begin(), expected.end(), row));
        EXPECT_EQ(row[static_cast<std::ptrdiff_t>(expected.size())], 2);
        EXPECT_EQ(std::count(row, row + batch.target_length, 1),
                  batch.target_length - static_cast<int64_t>(expected.size()) - 1);
      }
    }
  }
}

TEST(Batcher, BatchesAreFull) {
  std::mt19937 random(3);
  std::vector<std::pair<int, int>> lengths;  // of a target about as long as its source, as translations are
  for (int i = 0; i < 1000; ++i) {
    const int source = static_cast<int>(random() % 20);
    lengths.emplace_back(source, source + static_cast<int>(random() % 3));
  }
  const TokenDataset dataset = lengths_dataset(lengths);
  Batcher batcher(dataset, {.max_tokens = 400});
  int64_t room = 0, tokens = 0;
  for (const Batch& batch : epoch_of(batcher, 0)) {
    room += batch.rows * (batch.source_length + batch.target_length);
    tokens += batch.source_tokens + batch.target_tokens;
  }
  EXPECT_GT(static_cast<double>(tokens), 0.85 * static_cast<double>(room)) << "sorting by length must keep padding low";
  EXPECT_LT(batcher.batches_per_epoch(), 1000 * 25 / 400);
}

TEST(Batcher, CutsAtMultiples) {
  const auto dataset = lengths_dataset(std::vector<std::pair<int, int>>(50, {9, 9}));
  Batcher batcher(dataset, {.max_tokens = 110, .multiple_of = 8, .order = Order::by_length});
  std::vector<int64_t> rows;
  for (const Batch& batch : epoch_of(batcher, 0)) rows.push_back(batch.rows);
  EXPECT_EQ(rows, (std::vector<int64_t>{8, 8, 8, 8, 8, 10}));
}

TEST(Batcher, EpochsDifferAndSeedsDiffer) {
  const TokenDataset dataset = random_dataset(1000);
  Batcher a(dataset, {.max_tokens = 200, .seed = 1}), b(dataset, {.max_tokens = 200, .seed = 2});
  const auto first = epoch_of(a, 0), second = epoch_of(a, 1), other = epoch_of(b, 0);
  EXPECT_NE(row_ids(first), row_ids(second));
  EXPECT_NE(row_ids(first), row_ids(other));
  std::map<int64_t, int64_t> companion;  // rows of equal lengths are dealt anew: some have another neighbour
  for (const Batch& batch : first) companion[batch.row_ids.front()] = batch.row_ids.back();
  int64_t changed = 0;
  for (const Batch& batch : second)
    changed += !companion.contains(batch.row_ids.front()) || companion[batch.row_ids.front()] != batch.row_ids.back();
  EXPECT_GT(changed, 0);
}

TEST(Batcher, ShufflingIsUniform) {
  const auto dataset = lengths_dataset(std::vector<std::pair<int, int>>(3, {4, 4}));
  Batcher batcher(dataset, {.max_sentences = 3});
  std::map<std::vector<int64_t>, int> seen;
  constexpr int kEpochs = 6000;
  for (int i = 0; i < kEpochs; ++i) ++seen[batcher.next().row_ids];
  ASSERT_EQ(seen.size(), 6u);
  for (const auto& [order, count] : seen) EXPECT_NEAR(count, kEpochs / 6, 150);  // 5 standard deviations of 29
}

TEST(Batcher, SeekEqualsReplay) {
  const TokenDataset dataset = random_dataset(300);
  const BatcherOptions options{.max_tokens = 150, .seed = 3};
  Batcher replayed(dataset, options), sought(dataset, options);
  std::vector<std::vector<int32_t>> batches;
  const int64_t total = 5 * replayed.batches_per_epoch() / 2;
  for (int64_t i = 0; i < total; ++i) batches.push_back(replayed.next().source);
  for (const int64_t position :
       {total - 1, int64_t{0}, replayed.batches_per_epoch(), replayed.batches_per_epoch() - 1, int64_t{3}}) {
    sought.seek(position);
    EXPECT_EQ(sought.next().source, batches[static_cast<size_t>(position)]) << position;
    EXPECT_EQ(sought.position(), position + 1);
    EXPECT_EQ(replayed.at(position).source, batches[static_cast<size_t>(position)]);
  }
  EXPECT_EQ(replayed.position(), total) << "at() must not move the sequence";
}

TEST(Batcher, NoTokensAndTenThousandTokens) {
  const auto dataset = lengths_dataset({{0, 0}, {10'000, 3}, {5, 4}, {3, 10'000}});
  Batcher dropped(dataset, {.max_tokens = 512, .max_source = 256, .max_target = 128});
  EXPECT_EQ(dropped.rows(), 2);
  EXPECT_EQ(dropped.describe_overlong(),
            "dropped 2 of 4 rows: longer than 256 source or 128 target tokens (the first is row 2)");

  Batcher cut(dataset,
              {.max_tokens = 512, .max_source = 256, .max_target = 128, .overlong = Overlong::truncate_source});
  EXPECT_EQ(cut.rows(), 3) << "what a model should say is never cut";
  EXPECT_EQ(cut.describe_overlong().substr(0, 31), "dropped 1 and truncated 1 of 4 ");
  for (const Batch& batch : epoch_of(cut, 0))
    for (size_t i = 0; i < batch.row_ids.size(); ++i) {
      if (batch.row_ids[i] == 1) {
        EXPECT_EQ(batch.source_lengths[i], 256);
      }
      EXPECT_EQ(
          batch.source[i * static_cast<size_t>(batch.source_length) + static_cast<size_t>(batch.source_lengths[i]) - 1],
          2);
    }

  Batcher whole(dataset, {.max_tokens = 20'000, .max_source = 20'000, .max_target = 20'000});
  EXPECT_EQ(whole.rows(), 4);
  EXPECT_EQ(whole.describe_overlong(), "");
}

TEST(Batcher, NothingToServeIsAnError) {
  const auto dataset = lengths_dataset({{50, 50}});
  test::expect_error(ErrorKind::data, {"none of 1 rows", "10 source"}, [&] { Batcher(dataset, {.max_tokens = 10}); });
  test::expect_error(ErrorKind::data, {"none of 0 rows"}, [&] { Batcher(TokenDataset{}, {}); });
  TokenDataset uneven = lengths_dataset({{1, 1}});
  uneven.source.append({});
  test::expect_error(ErrorKind::data, {"2 source rows but 1 target"}, [&] { Batcher(uneven, {}); });
}

}  // namespace
}  // namespace lowbit
