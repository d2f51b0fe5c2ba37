#include <fmt/format.h>

#include "apps/lib/program/environment.h"
#include "apps/lib/program/output.h"
#include "apps/verbs/verbs.h"

namespace lowbit {
namespace {

struct DoctorConfig {
  bool json = false;
};

void declare(OptionRegistry& registry, DoctorConfig& config) {
  registry.add("doctor.json", config.json, "print one JSON object");
}

std::string plain(const std::string& name, const nlohmann::ordered_json& value) {
  if (value.is_null()) return "none";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_array()) return fmt::format("{}", fmt::join(value.get<std::vector<std::string>>(), " "));
  if (name.ends_with("_bytes")) return fmt::format("{:.1f} GiB", value.get<double>() / (1 << 30));
  return value.is_string() ? value.get<std::string>() : value.dump();
}

int run(const DoctorConfig& config, const OptionRegistry&) {
  const nlohmann::ordered_json report = environment_report();
  if (config.json) {
    write_output(report.dump(2) + "\n");
    return 0;
  }
  for (const auto& [section, facts] : report.items()) {
    write_output(section + "\n");
    for (const auto& [name, value] : facts.items()) {
      const std::string label = name.ends_with("_bytes") ? name.substr(0, name.size() - 6) : name;
      write_output(fmt::format("  {:<26}{}\n", label, plain(name, value)));
    }
  }
  return 0;
}

}  // namespace

Verb doctor_verb() {
  return make_verb<DoctorConfig>("doctor", "describe the build, the CPU, memory and libraries", declare, run);
}

}  // namespace lowbit
