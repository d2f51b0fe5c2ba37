#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/lib/options/registry.h"
#include "data/corpus/parallel_text.h"
#include "nn/generate/config.h"

namespace lowbit {

/// What systems are ranked by: translations by BLEU (with chrF2 beside it), summaries by ROUGE.
enum class CompareMetric : uint8_t { bleu, rouge };

struct CompareSettings {
  CompareMetric metric = CompareMetric::bleu;
  GenerationConfig search;
  int64_t max_tokens = 2048;    ///< source tokens of a batch, padding counted
  std::string source_language;  ///< for a model that has a token for it
};

/// An option that chooses it.
void declare_metric(OptionRegistry& registry, const std::string& key, CompareMetric& metric);

/// One row of the table and the sentences behind it.
struct System {
  nlohmann::ordered_json row;
  std::vector<std::string> outputs;
};

/// What a trained model must beat: for translations a copy of the source and a translation memory, for summaries the
/// first words of the document and the summary of the nearest training document.
std::vector<System> baselines(const ParallelText& train, const ParallelText& test, const CompareSettings& settings);

/// The model of an argument NAME=FOLDER or FOLDER: its outputs on the test set, scores (of every language where the set
/// has several), bits, bytes, speed, and the mean entropy of its quantized weights' levels.
/// It is searched as search_of() says.
System score_model(const std::string& argument, const ParallelText& test, const CompareSettings& settings,
                   const OptionRegistry& registry);

/// The table for a terminal, and the same as Markdown; both end with how the scores were computed.
std::string systems_text(const std::vector<System>& systems, const CompareSettings& settings);
std::string systems_markdown(const std::vector<System>& systems, const CompareSettings& settings);

/// The results file that `lowbit report` reads, with `samples` rows of the test set.
nlohmann::ordered_json results_json(const std::string& title, const std::vector<System>& systems,
                                    const ParallelText& test, int64_t samples);

}  // namespace lowbit
