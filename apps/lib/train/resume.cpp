#include "apps/lib/train/resume.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/lib/log/log.h"
#include "apps/lib/options/config_file.h"
#include "core/error.h"

namespace lowbit {
namespace {

/// A change of these leaves the model and, but for rounding, the course of its training alone, or is the reason to go
/// on.
bool is_free(const Option& option) {
  static const std::vector<std::string> sections = {"log", "save", "valid"};
  static const std::vector<std::string> keys = {"run.dir",     "run.max_update", "run.threads",
                                                "run.profile", "run.recompute",  "run.plan",
                                                "data.dir",    "data.prefetch",  "run.dump_precision_plan"};
  return std::ranges::count(sections, option.section()) > 0 || std::ranges::count(keys, option.key()) > 0;
}

/// Another value is another model.
bool shapes_model(const Option& option) {
  return option.section() == "quant" || option.key() == "precision.policy" ||
         (option.section() == "model" && !option.name().ends_with("dropout"));
}

/// Sizes that were left to the preset are those that were given, when they are equal.
bool same_shape(ModelOptions a, const ModelOptions& b) {
  if ((a.arch == kGivenShape) != (b.arch == kGivenShape)) return false;
  a.dropout = b.dropout, a.attention_dropout = b.attention_dropout, a.activation_dropout = b.activation_dropout;
  return resolve_model(a, 1) == resolve_model(b, 1);
}

}  // namespace

void check_resume(const TrainOptions& options, const RunFolder& folder) {
  TrainOptions before, now = options;
  OptionRegistry old_registry, new_registry;
  declare_train_options(old_registry, before);
  declare_train_options(new_registry, now);
  apply_config_file(old_registry, folder.config());
  const bool resized = !same_shape(before.model, now.model);
  std::string changes;
  for (const Option& option : new_registry.options()) {
    const std::string was = old_registry.find(option.key())->text(), is = option.text();
    if (was == is) continue;
    if (option.key() == "run.max_update")
      log_info("run.max_update was {}, is {}: a schedule that knows the end follows it", was, is);
    if (is_free(option)) continue;
    if (option.key() == "loss_scale.init") {
      log_warning("loss_scale.init has no effect here: {} goes on with the scale of its checkpoint", folder.path());
      continue;
    }
    if (!shapes_model(option)) {
      changes += fmt::format("{}{} was {}, is {}", changes.empty() ? "" : "; ", option.key(),
                             was.empty() ? "empty" : was, is.empty() ? "empty" : is);
    } else if (option.section() != "model" || resized) {
      fail(ErrorKind::usage, "resume", "{} holds a run with {}={}, not {}; give another run.dir", folder.path(),
           option.key(), was.empty() ? "\"\"" : was, is.empty() ? "\"\"" : is);
    }
  }
  if (!changes.empty()) log_warning("{} goes on with other options: {}", folder.path(), changes);
}

}  // namespace lowbit
