#include "optim/train_state.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

using test::expect_error;

/// Every member away from its default, numbers at the edges of their types.
TrainState sample() {
  TrainState state;
  state.attempts = 9007199254740993;  // 2^53 + 1: no f64
  state.updates = 12;
  state.skipped = 3;
  state.data = {4, 77, std::numeric_limits<uint64_t>::max(), "xxh3:\"quoted\"\n"};
  state.random = {0x8000000000000001u, 5};
  state.metric = 0.1 + 0.2;
  state.best_metric = 1e-300;
  state.stalled = 2;
  state.extra = {{"scaler", "2^13"}, {"leer", ""}};
  return state;
}

TEST(TrainState, ComesBackToTheBit) {
  const TrainState a = sample(), b = train_state_from_json(to_json(a), "state.json");
  EXPECT_EQ(a.attempts, b.attempts);
  EXPECT_EQ(a.updates, b.updates);
  EXPECT_EQ(a.skipped, b.skipped);
  EXPECT_EQ(a.data.epoch, b.data.epoch);
  EXPECT_EQ(a.data.batch, b.data.batch);
  EXPECT_EQ(a.data.seed, b.data.seed);
  EXPECT_EQ(a.data.fingerprint, b.data.fingerprint);
  EXPECT_EQ(a.random.key, b.random.key);
  EXPECT_EQ(a.random.position, b.random.position);
  EXPECT_EQ(a.metric, b.metric);
  EXPECT_EQ(a.best_metric, b.best_metric);
  EXPECT_EQ(a.stalled, b.stalled);
  EXPECT_EQ(a.extra, b.extra);
}

TEST(TrainState, MetricsThatAreNotNumbersAreNone) {
  TrainState state;
  state.metric = std::numeric_limits<double>::quiet_NaN();
  state.best_metric = std::numeric_limits<double>::infinity();
  const TrainState back = train_state_from_json(to_json(state), "state.json");
  EXPECT_FALSE(back.metric.has_value());
  EXPECT_FALSE(back.best_metric.has_value());
}

TEST(TrainState, RefusesBrokenFiles) {
  const auto refused = [](const std::string& text, std::initializer_list<const char*> words) {
    expect_error(ErrorKind::model, words, [&] { train_state_from_json(text, "run/state.json"); });
  };
  refused("", {"run/state.json"});
  refused("{\"format\": 1, \"attempts\":", {"run/state.json"});
  refused("[]", {"run/state.json"});
  auto json = nlohmann::json::parse(to_json(sample()));
  const auto changed = [&](const char* key, const nlohmann::json& value) {
    auto copy = json;
    copy[key] = value;
    return copy.dump();
  };
  refused(changed("format", 2), {"run/state.json", "format 2", "newer"});
  refused(changed("updates", -1), {"updates", "from 0"});
  refused(changed("updates", 1.5), {"updates"});
  refused(changed("random_key", "1"), {"random_key"});
  refused(changed("extra", 7), {"run/state.json"});
  for (const auto& [key, value] : json.items()) {
    auto copy = json;
    copy.erase(key);
    refused(copy.dump(), {"run/state.json", key.c_str()});
  }
}

}  // namespace
}  // namespace lowbit
