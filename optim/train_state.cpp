#include "optim/train_state.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace lowbit {
namespace {

using nlohmann::ordered_json;

constexpr const char* kFormatKey = "format";

/// One list of keys for both directions. A Visitor is called as visitor(key, member).
template <class State, class Visitor>
void visit_keys(State& s, const Visitor& visitor) {
  visitor("attempts", s.attempts);
  visitor("updates", s.updates);
  visitor("skipped", s.skipped);
  visitor("epoch", s.data.epoch);
  visitor("batch", s.data.batch);
  visitor("data_seed", s.data.seed);
  visitor("data_fingerprint", s.data.fingerprint);
  visitor("random_key", s.random.key);
  visitor("random_position", s.random.position);
  visitor("metric", s.metric);
  visitor("best_metric", s.best_metric);
  visitor("stalled", s.stalled);
  visitor("extra", s.extra);
}

struct Writer {
  ordered_json& json;
  template <class T>
  void operator()(const char* key, const T& value) const {
    json[key] = value;
  }
  /// NaN and inf have no JSON: such a metric is none.
  void operator()(const char* key, const std::optional<double>& value) const {
    json[key] = value && std::isfinite(*value) ? ordered_json(*value) : ordered_json(nullptr);
  }
};

struct Reader {
  const ordered_json& json;
  const std::string& file;
  template <class T>
  void operator()(const char* key, T& value) const {
    json.at(key).get_to(value);
  }
  void operator()(const char* key, int64_t& value) const {
    require(json.at(key).is_number_integer() && json.at(key) >= 0, key);
    value = json.at(key).get<int64_t>();
  }
  void operator()(const char* key, uint64_t& value) const {
    require(json.at(key).is_number_unsigned(), key);
    value = json.at(key).get<uint64_t>();
  }
  void operator()(const char* key, std::optional<double>& value) const {
    value = json.at(key).is_null() ? std::nullopt : std::optional(json.at(key).get<double>());
  }
  void require(bool condition, const char* key) const {
    LB_REQUIRE(condition, ErrorKind::model, "checkpoint", "{}: {} must be an integer from 0", file, key);
  }
};

}  // namespace

std::string to_json(const TrainState& state) {
  ordered_json json = {{kFormatKey, kTrainStateFormat}};
  visit_keys(state, Writer{json});
  return json.dump(1) + "\n";
}

TrainState train_state_from_json(std::string_view text, const std::string& file) {
  TrainState state;
  try {
    const ordered_json json = ordered_json::parse(text);
    const int format = json.at(kFormatKey).get<int>();
    LB_REQUIRE(format <= kTrainStateFormat, ErrorKind::model, "checkpoint",
               "{}: format {} is of a newer version of this program, which reads up to {}", file, format,
               int{kTrainStateFormat});
    visit_keys(state, Reader{json, file});
  } catch (const ordered_json::exception& error) {
    fail(ErrorKind::model, "checkpoint", "{}: {}", file, error.what());
  }
  return state;
}

}  // namespace lowbit
