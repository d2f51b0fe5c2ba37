#include "apps/lib/profile/profile_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

namespace lowbit {
namespace {

struct Row {
  std::string name;
  double seconds = 0, operations = 0, least_seconds = 0;
  int64_t calls = 0;
};

/// The events summed by name(event), longest first.
template <class Name>
std::vector<Row> grouped(std::span<const ProfileEvent> events, const MachinePeaks& peaks, const Name& name) {
  std::map<std::string, Row> groups;
  for (const ProfileEvent& event : events) {
    Row& row = groups[name(event)];
    row.seconds += event.seconds;
    const OperationCount& count = event.operations;
    row.operations += count.total();
    row.least_seconds += 1e-9 * (count.f32 / peaks.f32 + count.bf16 / peaks.bf16 + count.integer / peaks.integer);
    ++row.calls;
  }
  std::vector<Row> rows;
  for (auto& [key, row] : groups) {
    row.name = key;
    rows.push_back(std::move(row));
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.seconds > b.seconds; });
  return rows;
}

std::string table(const std::string& title, std::span<const Row> rows, double total, double rounds) {
  std::string text =
      fmt::format("{:<72} {:>6} {:>9} {:>7} {:>7} {:>7}\n", title, "%", "ms", "calls", "GOP/s", "% peak");
  for (const Row& row : rows)
    text += fmt::format("{:<72} {:>6.1f} {:>9.3f} {:>7.1f} {:>15}\n", row.name, 100 * row.seconds / total,
                        1e3 * row.seconds / rounds, static_cast<double>(row.calls) / rounds,
                        row.operations > 0 ? fmt::format("{:.0f} {:>7.0f}", row.operations / row.seconds / 1e9,
                                                         100 * row.least_seconds / row.seconds)
                                           : "");
  return text;
}

/// Work outside the tape has its phase for a name.
std::string op_name(const ProfileEvent& event) {
  return event.op == event.phase ? std::string(event.op) : fmt::format("{} {}", event.op, event.phase);
}

}  // namespace

std::string profile_table(std::span<const ProfileEvent> events, int64_t rounds, const MachinePeaks& peaks,
                          size_t sites) {
  double total = 0;
  for (const ProfileEvent& event : events) total += event.seconds;
  const double count = static_cast<double>(std::max<int64_t>(rounds, 1));
  const std::vector<Row> by_op = grouped(events, peaks, op_name);
  const std::vector<Row> by_site = grouped(events, peaks, [](const ProfileEvent& event) {
    return event.path ? fmt::format("{}/{}", *event.path, op_name(event)) : op_name(event);
  });
  return table("op", by_op, total, count) + "\n" +
         table("site", std::span(by_site).first(std::min(sites, by_site.size())), total, count) +
         fmt::format(
             "\n{:.3f} ms a round, {} rounds; peaks of this machine: f32 {:.0f}, bf16 {:.0f}, int8 {:.0f} GOP/s\n",
             1e3 * total / count, rounds, peaks.f32, peaks.bf16, peaks.integer);
}

std::string chrome_trace(std::span<const ProfileEvent> events) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ProfileEvent& event : events)
    list.push_back({{"name", event.op},
                    {"cat", event.phase},
                    {"ph", "X"},
                    {"ts", 1e6 * event.start},
                    {"dur", 1e6 * event.seconds},
                    {"pid", 1},
                    {"tid", 1},
                    {"args",
                     {{"site", event.path ? *event.path : ""},
                      {"gop_per_s", event.seconds > 0 ? event.operations.total() / event.seconds / 1e9 : 0}}}});
  return nlohmann::ordered_json{{"traceEvents", list}, {"displayTimeUnit", "ms"}}.dump() + "\n";
}

}  // namespace lowbit
