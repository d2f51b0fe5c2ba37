#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lowbit {

/// What a bug report needs to know about this machine and build, section by section: build, cpu, threads, memory
/// (bytes), libraries, gpu. Printed by `lowbit doctor`, kept as a run's env.json.
nlohmann::ordered_json environment_report();

/// The command line of this process, program name first.
std::vector<std::string> process_arguments();

}  // namespace lowbit
