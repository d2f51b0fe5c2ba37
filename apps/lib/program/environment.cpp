#include "apps/lib/program/environment.h"

#include <fmt/format.h>
#include <omp.h>
#include <spdlog/version.h>
#include <sys/utsname.h>
#include <xxhash.h>

#include <CLI/Version.hpp>
#include <dnnl.hpp>
#include <fstream>
#include <string>
#include <thread>

#include "apps/lib/program/build_info.h"
#include "core/cpu_features.h"

namespace lowbit {
namespace {

using Json = nlohmann::ordered_json;

// Bytes of a "Name:   123 kB" line of a /proc file, null when there is none.
Json proc_bytes(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return std::stoll(line.substr(name.size() + 1)) * 1024;
  }
  return nullptr;
}

// What the control group of a container allows, null without a limit.
Json cgroup_memory_limit() {
  std::ifstream file("/sys/fs/cgroup/memory.max");
  int64_t bytes = 0;
  return file >> bytes ? Json(bytes) : Json(nullptr);
}

Json describe_cpu() {
  const CpuIsa used = cpu_features().best_isa();
  return {{"brand", cpu_brand()},
          {"features", detected_cpu_features().names()},
          {"kernels", to_string(used)},
          {"capped_by_LOWBIT_CPU_ISA", used != detected_cpu_features().best_isa()}};
}

Json describe_libraries() {
  const dnnl_version_t& onednn = *dnnl::version();
  const unsigned xxhash = XXH_versionNumber();
  return {{"onednn", fmt::format("{}.{}.{}", onednn.major, onednn.minor, onednn.patch)},
          {"openmp", _OPENMP},
          {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
          {"spdlog", fmt::format("{}.{}.{}", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH)},
          {"nlohmann_json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                                        NLOHMANN_JSON_VERSION_PATCH)},
          {"cli11", CLI11_VERSION},
          {"xxhash", fmt::format("{}.{}.{}", xxhash / 10000, xxhash / 100 % 100, xxhash % 100)}};
}

}  // namespace

Json environment_report() {
  const BuildInfo& build = build_info();
  utsname system{};
  uname(&system);
  Json report;
  report["build"] = {{"version", build.version},
                     {"commit", build.commit},
                     {"type", build.build_type},
                     {"compiler", build.compiler},
                     {"flags", build.flags}};
  report["system"] = {{"os", fmt::format("{} {}", system.sysname, system.release)}, {"machine", system.machine}};
  report["cpu"] = describe_cpu();
  report["threads"] = {{"used", omp_get_max_threads()},
                       {"available", omp_get_num_procs()},
                       {"hardware", std::thread::hardware_concurrency()}};
  report["memory"] = {{"total_bytes", proc_bytes("/proc/meminfo", "MemTotal")},
                      {"available_bytes", proc_bytes("/proc/meminfo", "MemAvailable")},
                      {"container_limit_bytes", cgroup_memory_limit()}};
  report["libraries"] = describe_libraries();
  return report;
}

std::vector<std::string> process_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(file, argument, '\0');) arguments.push_back(argument);
  return arguments;
}

}  // namespace lowbit
