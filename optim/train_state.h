#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/random.h"

namespace lowbit {

/// A place in the training data. The list of global batches of an epoch is a pure function of (data, seed, epoch), so
/// this is all that a resumed run needs.
struct DataCursor {
  int64_t epoch = 0;
  int64_t batch = 0;        ///< index of the next global batch in the list of the epoch
  uint64_t seed = 0;        ///< of the shuffle
  std::string fingerprint;  ///< of the data and its batching; a run refuses to go on with others
};

/// Everything that a run keeps beside tensors: state.json of a checkpoint. The learning rate is not here: schedules are
/// pure functions of `updates`.
struct TrainState {
  int64_t attempts = 0;  ///< optimizer steps tried; updates + skipped
  int64_t updates = 0;   ///< successful ones: what schedules and averages count
  int64_t skipped = 0;   ///< dropped because a gradient was not finite
  DataCursor data = {};
  RandomState random = {};
  std::optional<double> metric = {};              ///< of the validation at this update, if there was one
  std::optional<double> best_metric = {};         ///< of the run so far
  int64_t stalled = 0;                            ///< validations since the best one: patience
  std::map<std::string, std::string> extra = {};  ///< what other parts of the program keep, under their own keys
};

/// Of state.json. A file of a newer format is refused by name.
constexpr int kTrainStateFormat = 1;

std::string to_json(const TrainState& state);
/// ErrorKind::model naming `file` and the key.
TrainState train_state_from_json(std::string_view text, const std::string& file);

}  // namespace lowbit
