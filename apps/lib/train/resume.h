#pragma once

#include "apps/lib/run/run_folder.h"
#include "apps/lib/train/train_options.h"

namespace lowbit {

/// Compares the options with the config.yaml of a run that goes on. Error (usage) naming one that would make another
/// model; one warning that names the others whose change changes the training from here on.
void check_resume(const TrainOptions& options, const RunFolder& folder);

}  // namespace lowbit
