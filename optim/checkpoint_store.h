#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "optim/checkpoint.h"

namespace lowbit {

/// Which checkpoints stay. The newest is never deleted, so `last` is at least 1.
struct KeepRules {
  int64_t last = 2;               ///< the newest ones
  int64_t best = 1;               ///< those with the best validation metric; 0: none, and no checkpoint_best
  int64_t every = 0;              ///< those whose update is a multiple of this; 0: none
  bool higher_is_better = false;  ///< of the metric: false for a loss, true for BLEU
};

struct CheckpointInfo {
  int64_t update = 0;
  std::optional<double> metric;
};

/// The best first; of equals the earlier. Those without a metric are left out.
std::vector<CheckpointInfo> ranked(std::span<const CheckpointInfo> checkpoints, bool higher_is_better);
/// Updates of the checkpoints that no rule keeps, rising.
std::vector<int64_t> superfluous(std::span<const CheckpointInfo> checkpoints, const KeepRules& rules);

/// The checkpoints of a run: folders checkpoint-<update> with the links checkpoint_last and checkpoint_best beside
/// them. One process writes at a time.
class CheckpointStore {
 public:
  /// ErrorKind::usage for rules that would keep nothing.
  CheckpointStore(std::string folder, const KeepRules& rules);

  /// Saves under checkpoint.state.updates, moves the links, then deletes what no rule keeps. Returns the folder.
  /// When saving fails (ErrorKind::data, as for a full disk) all that was there before still is.
  std::string save(const Checkpoint& checkpoint);

  struct Loaded {
    Checkpoint checkpoint;
    std::string folder;
    std::string warning;  ///< one line for the user when newer checkpoints were damaged; else empty
  };
  /// What checkpoint_last points at, or the newest before it that is whole. Nothing if there are no checkpoints;
  /// ErrorKind::model if none of them is whole.
  std::optional<Loaded> load_last() const;

  /// Folders of the `count` newest checkpoints up to checkpoint_last, rising; their contents are not looked at. Error
  /// (model) when there are fewer.
  std::vector<std::string> newest(int64_t count) const;

  /// Rising by update. A metric that cannot be read is none.
  std::vector<CheckpointInfo> list() const;

 private:
  std::vector<int64_t> up_to_last() const;
  std::string path_of(int64_t update) const;
  void remove_leftovers() const;

  std::string folder_;
  KeepRules rules_;
};

}  // namespace lowbit
