#pragma once

#include <span>
#include <string>

#include "apps/lib/program/program.h"

namespace lowbit {

enum class Shell : uint8_t { bash, zsh, fish };

/// A script that completes verbs, flags, the values of choices, and else file names.
///   bash: source <(lowbit completion bash)      zsh: source <(lowbit completion zsh)
///   fish: lowbit completion fish | source
std::string completion_script(std::span<const Verb> verbs, Shell shell);

}  // namespace lowbit
