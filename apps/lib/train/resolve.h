#pragma once

#include <string>

#include "apps/lib/train/train_options.h"

namespace lowbit {

/// The options as the run will hold them: a model that starts from another takes its shape, in model.arch and the sizes
/// too. All that can be checked before anything is written is. Errors: (usage) a size or architecture that was asked
/// for is another; options that do not go together; (data) the corpus is not there; (model) the other model is not.
///   registry  says which options were given
TrainOptions resolve_train_options(TrainOptions options, const OptionRegistry& registry);

/// config.yaml of a run with these options.
std::string config_text(TrainOptions options);

}  // namespace lowbit
