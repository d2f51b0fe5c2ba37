#include <string>
#include <vector>

#include "apps/lib/program/program.h"
#include "apps/verbs/verbs.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  return lowbit::run_program(lowbit::all_verbs(), arguments);
}
