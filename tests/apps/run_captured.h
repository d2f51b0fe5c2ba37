#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "apps/lib/program/program.h"

namespace lowbit::test {

struct Outcome {
  int code = 0;
  std::string out, err;
};

/// The program's exit code and output for these arguments, in this process.
inline Outcome run_captured(std::span<const Verb> verbs, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "lowbit");
  Outcome outcome;
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  outcome.code = run_program(verbs, arguments);
  outcome.out = ::testing::internal::GetCapturedStdout();
  outcome.err = ::testing::internal::GetCapturedStderr();
  return outcome;
}

}  // namespace lowbit::test
