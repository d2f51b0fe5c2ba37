#include <fmt/format.h>
#include <omp.h>

#include <cmath>

#include "apps/lib/profile/machine_peaks.h"
#include "apps/lib/program/environment.h"
#include "apps/lib/program/output.h"
#include "apps/verbs/verbs.h"
#include "core/kernels/families.h"

namespace lowbit {
namespace {

struct DoctorConfig {
  bool json = false, kernels = false;
};

void declare(OptionRegistry& registry, DoctorConfig& config) {
  registry.add("doctor.kernels", config.kernels,
               "which instruction set each kernel family uses here, and why; measured peaks");
  registry.add("doctor.json", config.json, "print one JSON object");
}

std::string plain(const std::string& name, const nlohmann::ordered_json& value) {
  if (value.is_null()) return "none";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_array()) return fmt::format("{}", fmt::join(value.get<std::vector<std::string>>(), " "));
  if (name.ends_with("_bytes")) return fmt::format("{:.1f} GiB", value.get<double>() / (1 << 30));
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// Why a target is passed over.
std::string_view reason(Target target) {
  return runs_here(target) ? "runs here, overlaid by a later one" : "this machine lacks it, or LOWBIT_CPU_ISA caps it";
}

nlohmann::ordered_json kernel_report() {
  nlohmann::ordered_json report;
  for (const KernelFamily& family : kernel_families()) {
    nlohmann::ordered_json& entry = report[std::string(family.name)];
    entry["used"] = to_string(family.chosen());
    for (const Target target : family.targets)
      if (target != family.chosen()) entry["others"][std::string(to_string(target))] = reason(target);
  }
  return report;
}

nlohmann::ordered_json peak_report() {
  const MachinePeaks peaks = measure_peaks();
  return {{"threads", omp_get_max_threads()},
          {"f32_gemm_gflop_per_s", std::lround(peaks.f32)},
          {"bf16_gemm_gflop_per_s", std::lround(peaks.bf16)},
          {"int8_gemm_gop_per_s", std::lround(peaks.integer)},
          {"memory_read_gb_per_s", std::round(10 * peaks.memory) / 10}};
}

std::string kernel_table(const nlohmann::ordered_json& report) {
  std::string text = "kernels\n";
  for (const auto& [family, entry] : report.items()) {
    text += fmt::format("  {:<14}{:<14}", family, entry["used"].get<std::string>());
    if (entry.contains("others"))
      for (const auto& [target, why] : entry["others"].items())
        if (!why.get<std::string>().starts_with("runs"))
          text += fmt::format("{}: {}  ", target, why.get<std::string>());
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  return text + "  gemm multiplies through oneDNN, which chooses by itself\n";
}

int run(const DoctorConfig& config, const OptionRegistry&) {
  nlohmann::ordered_json report = environment_report();
  if (config.kernels) {
    report["kernels"] = kernel_report();
    report["peaks"] = peak_report();
  }
  if (config.json) {
    write_output(report.dump(2) + "\n");
    return 0;
  }
  for (const auto& [section, facts] : report.items()) {
    if (section == "kernels") {
      write_output(kernel_table(facts));
      continue;
    }
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
