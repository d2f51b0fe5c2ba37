#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/lib/report/run_data.h"

namespace lowbit {

/// Where a model comes from, as its run folder tells.
struct RunOrigin {
  std::string run;                   ///< the folder's name; empty: no run is known
  std::string recipe;                ///< empty: float
  std::string data, teacher, start;  ///< names of the folders; empty: none
  std::vector<std::string> command;  ///< the training's command line
  std::string scored_on;             ///< title of the results
  std::optional<SystemResult> score;
  std::string score_name;  ///< "BLEU", or "ROUGE-1" of summaries
};

/// The last part of a path that has one: "b" of "a/b" and of "a/b/".
std::string folder_name(const std::string& path);
/// The text with each absolute path in it cut to its last part, so that what is given away tells nothing of the
/// machine's folders: at its start, and after a blank, "=" or ",", up to the next ",".
std::string without_places(const std::string& text);

/// Of the run that holds `model_folder`: itself or the folder above. What was scored is read from `results`, or when
/// that is empty and `model_folder` is the checkpoint that the run stands for, from results.json in the run's folder or
/// beside it, where a row has the run's name. A config.yaml
/// that this program does not understand is a warning. Errors: (data) as of read_results; (usage) `results` is given
/// and has no such row.
RunOrigin read_origin(const std::string& model_folder, const std::string& results);

}  // namespace lowbit
