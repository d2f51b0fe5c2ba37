#include "apps/lib/log/train_line.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <limits>
#include <string_view>
#include <vector>

#include "apps/lib/log/metrics_schema.h"

namespace lowbit {
namespace {

using Json = nlohmann::ordered_json;

// Decimals after the point as fairseq rounds each key; -1 is shortest form.
int decimals(std::string_view key) {
  struct Row {
    std::string_view key;
    int decimals;
  };
  static constexpr Row kRows[] = {{"loss", 3},    {"nll_loss", 3},  {"ppl", 2},   {"wps", 1},         {"ups", 2},
                                  {"wpb", 1},     {"bsz", 1},       {"gnorm", 3}, {"clip", 1},        {"train_wall", 0},
                                  {"gb_free", 1}, {"wall", 0},      {"flip", 3},  {"w_ent", 3},       {"best_loss", 3},
                                  {"bleu", 2},    {"best_bleu", 2}, {"chrf", 2},  {"length_ratio", 3}};
  for (const Row& row : kRows) {
    if (row.key == key) return row.decimals;
  }
  return -1;
}

std::string number(std::string_view key, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return std::to_string(value.get<int64_t>());
  const double x = value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
  if (key == "loss_scale") return loss_scale_text(x);
  const int places = decimals(key);  // lr 5e-05 is printed as such
  if (places < 0) return fmt::format("{:.6g}", x);
  return fmt::format("{:.{}f}", x, places);
}

std::vector<std::string> pairs(const Json& record, std::span<const char* const> keys, std::string_view between) {
  std::vector<std::string> result;
  for (const char* key : keys) {
    if (record.contains(key)) result.push_back(fmt::format("{}{}{}", key, between, number(key, record[key])));
  }
  return result;
}

}  // namespace

std::string loss_scale_text(double scale) {
  return scale >= 1 ? fmt::format("{:.0f}", scale) : fmt::format("2^{}", std::ilogb(scale));
}

std::string metric_list(const Json& record) {
  return fmt::format("{}", fmt::join(pairs(record, kTrainKeys, "="), ", "));
}

std::string step_line(const std::string& label, int64_t done, int64_t total, const Json& record,
                      const std::string& time_left) {
  const std::string metrics = metric_list(record);
  return fmt::format("{}: {:6} / {} {}{}eta={}", label, done, total, metrics, metrics.empty() ? "" : ", ", time_left);
}

std::string summary_line(const Json& record) {
  static constexpr const char* kValidKeys[] = {"loss",         "nll_loss",    "ppl",       "bleu",     "chrf",
                                               "length_ratio", "num_updates", "best_loss", "best_bleu"};
  const bool is_valid = record.value("kind", "") == "valid";
  std::string line = fmt::format("epoch {:03}", record.value("epoch", int64_t{1}));
  if (is_valid) line += fmt::format(" | valid on '{}' subset", record.value("subset", "valid"));
  const auto parts = is_valid ? pairs(record, kValidKeys, " ") : pairs(record, kTrainKeys, " ");
  for (const std::string& part : parts) line += " | " + part;
  return line;
}

}  // namespace lowbit
