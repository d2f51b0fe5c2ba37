#include "apps/lib/model/model_card.h"

#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace lowbit {
namespace {

/// A string as JSON has it, which YAML reads too.
std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// A word as a shell takes it.
std::string shell_word(const std::string& word) {
  if (!word.empty() &&
      word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,+%@") ==
          std::string::npos)
    return word;
  std::string text = "'";
  for (const char letter : word) text += letter == '\'' ? "'\\''" : std::string(1, letter);
  return text + "'";
}

std::string command_line(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + shell_word(without_places(word));
  return text + "\n";
}

std::string front_matter(const ModelCard& card) {
  std::string text = "---\nlibrary_name: lowbit\npipeline_tag: text2text-generation\n";
  if (!card.license.empty()) text += fmt::format("license: {}\n", quoted(card.license));
  text += fmt::format("tags:\n- lowbit\n- {}\n",
                      quoted(fmt::format("{}-{}-{}", card.bits.weights, card.bits.embeddings, card.bits.activations)));
  if (card.origin.score) {
    const SystemResult& score = *card.origin.score;
    text += fmt::format(
        "model-index:\n- name: {}\n  results:\n  - task:\n      type: text2text-generation\n    dataset:\n      name: "
        "{}\n"
        "      type: {}\n    metrics:\n    - type: {}\n      value: {:.2f}\n      name: {}\n",
        quoted(card.name), quoted(card.origin.scored_on), quoted(card.origin.scored_on),
        card.origin.score_name == "BLEU" ? "bleu" : "rouge", score.score,
        quoted(card.origin.score_name + " " + score.signature));
  }
  return text + "---\n";
}

/// Text within a table.
std::string cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

std::string score_of(const RunOrigin& origin) {
  if (!origin.score)
    return fmt::format("not known here (`lowbit compare DATA {}=MODEL --out results.json`, then `export --results`)",
                       origin.run.empty() ? "NAME" : cell(origin.run));
  const SystemResult& score = *origin.score;
  std::string text = fmt::format("{} {:.2f}", origin.score_name, score.score);
  if (!std::isnan(score.chrf)) text += fmt::format(", chrF {:.2f}", score.chrf);
  if (!std::isnan(score.length_ratio)) text += fmt::format(", length ratio {:.3f}", score.length_ratio);
  return text + fmt::format(" on \"{}\"", cell(origin.scored_on));
}

std::string signatures(const RunOrigin& origin) {
  if (!origin.score) return "";
  std::string text = fmt::format("\n{} signature: `{}`\n", origin.score_name, origin.score->signature);
  if (!std::isnan(origin.score->chrf)) text += fmt::format("\nchrF signature: `{}`\n", origin.score->chrf_signature);
  return text;
}

std::string facts(const ModelCard& card) {
  const RunOrigin& origin = card.origin;
  const auto name = [&](const std::string& value, const char* none) {
    return !value.empty() ? "`" + value + "`" : origin.run.empty() ? "not known here" : none;
  };
  int64_t bytes = 0;
  for (const auto& file : card.files) bytes += file.second;
  std::string text = "| | |\n|---|---|\n";
  text += fmt::format("| format | `{}` |\n", card.format);
  text += fmt::format("| bits | weights {}, embedding look-up {}, activations {}, output projection {} |\n",
                      card.bits.weights, card.bits.embeddings, card.bits.activations, card.bits.output);
  text += fmt::format("| recipe | {} |\n", name(origin.recipe, "none: float"));
  text += fmt::format("| parameters | {} |\n| bytes | {}, without this file |\n", card.parameters, bytes);
  text += fmt::format("| score in lowbit | {} |\n", score_of(origin));
  text += fmt::format("| data | {} |\n", name(origin.data, "not stated"));
  text += fmt::format("| teacher | {} |\n", name(origin.teacher, "none"));
  if (!origin.start.empty()) text += fmt::format("| trained on from | `{}` |\n", origin.start);
  text += fmt::format("| licence | {} |\n", card.license.empty() ? "not stated" : cell(card.license));
  return text + signatures(origin);
}

}  // namespace

std::string model_card(const ModelCard& card) {
  std::string text = front_matter(card) + fmt::format("\n# {}\n\n", card.name) + facts(card);
  text += "\n| file | bytes |\n|---|---|\n";
  for (const auto& [file, bytes] : card.files) text += fmt::format("| `{}` | {} |\n", file, bytes);
  if (!card.notes.empty()) {
    text += "\n## What differs from the model in lowbit\n\n";
    for (const std::string& note : card.notes) text += fmt::format("- {}\n", note);
  }
  text += "\n## Commands\n\n```sh\n";
  if (!card.origin.command.empty()) text += command_line(card.origin.command);
  return text + command_line(card.command) + "```\n";
}

}  // namespace lowbit
