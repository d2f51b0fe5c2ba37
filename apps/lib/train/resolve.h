#pragma once

#include <string>

#include "apps/lib/train/train_options.h"

namespace lowbit {

/// The options as the run will hold them: a model that starts from another takes its shape, in model.arch and the sizes
/// too. Error (usage) when a size or architecture that was asked for is another.
///   registry  says which options were given
TrainOptions resolve_train_options(TrainOptions options, const OptionRegistry& registry);

/// config.yaml of a run with these options.
std::string config_text(TrainOptions options);

}  // namespace lowbit
