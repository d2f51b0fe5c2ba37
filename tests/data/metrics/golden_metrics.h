#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "data/metrics/metric_score.h"

/// Reference numbers of sacreBLEU, rouge_score and NLTK, made by tests/golden/make_metrics.py.
namespace lowbit {

inline constexpr double kGoldenTolerance = 1e-9;

inline nlohmann::json read_golden(const std::string& name) {
  std::ifstream file(std::string(LB_TEST_DIR) + "/golden/" + name);
  if (!file) throw std::runtime_error("no golden file " + name);
  return nlohmann::json::parse(file);
}

struct GoldenCorpus {
  Lines hypotheses;
  ReferenceSets references;
};

/// Lines begin..end and the first `references` reference sets that a case names.
inline GoldenCorpus golden_corpus(const nlohmann::json& test_case) {
  static const nlohmann::json lines = read_golden("metrics_lines.json");
  const auto begin = test_case.at("begin").get<int64_t>(), end = test_case.at("end").get<int64_t>();
  const auto slice = [&](const nlohmann::json& all) {
    const auto texts = all.get<Lines>();
    return Lines(texts.begin() + begin, texts.begin() + end);
  };
  GoldenCorpus corpus{slice(lines.at("hypotheses")), {}};
  for (int64_t r = 0; r < test_case.at("references").get<int64_t>(); ++r) {
    corpus.references.push_back(slice(lines.at("references").at(static_cast<size_t>(r))));
  }
  return corpus;
}

/// A signature without its last field, which names the program.
inline std::string without_version(const std::string& signature) {
  return signature.substr(0, signature.rfind("|version:"));
}

}  // namespace lowbit
