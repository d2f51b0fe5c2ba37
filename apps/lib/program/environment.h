#pragma once

#include <nlohmann/json.hpp>

namespace lowbit {

/// What a bug report needs to know about this machine and build, section by section: build, cpu, threads, memory
/// (bytes), libraries, gpu. Printed by `lowbit doctor`, kept as a run's env.json.
nlohmann::ordered_json environment_report();

}  // namespace lowbit
