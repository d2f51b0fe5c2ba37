#pragma once

#include <span>
#include <string>

#include "apps/lib/train/train_options.h"

namespace lowbit {

/// Trains to the end, or until it is told to stop, in the run folder of the options: makes the folder, or goes on from
/// its last checkpoint. Prints the log lines, writes metrics and checkpoints. Returns the exit code: 0 done, 75 stopped
/// after a good checkpoint.
///   config_yaml   the resolved options, kept in the run folder
int train(const TrainOptions& options, const std::string& config_yaml, std::span<const std::string> command_line);

}  // namespace lowbit
