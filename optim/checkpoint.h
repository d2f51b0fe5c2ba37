#pragma once

#include <string>

#include "core/files/state_dict.h"
#include "optim/train_state.h"

namespace lowbit {

/// All that a run needs to go on as if it had never stopped.
struct Checkpoint {
  StateDict model;
  StateDict optimizer;
  StateDict ema;  ///< empty: the run keeps no average
  TrainState state;
};

/// Writes a checkpoint folder, or leaves everything as it was:
///   model.safetensors  optimizer.safetensors  ema.safetensors (if there is one)  state.json
///   checksums.txt      XXH3 of each of these; `xxhsum --check checksums.txt` verifies by hand
/// All files are on the disk before the folder gets its name. A folder of that name is replaced.
/// Errors: ErrorKind::data when the disk is full or the folder cannot be written.
void save_checkpoint(const std::string& folder, const Checkpoint& checkpoint);

/// Reads it back. ErrorKind::model naming the file: missing, checksum differs, or refused by its reader.
Checkpoint load_checkpoint(const std::string& folder);

/// state.json alone, its checksum not verified.
TrainState load_train_state(const std::string& folder);

}  // namespace lowbit
