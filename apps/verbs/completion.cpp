#include "apps/lib/program/completion.h"

#include "apps/lib/program/output.h"
#include "apps/verbs/verbs.h"

namespace lowbit {
namespace {

struct CompletionConfig {
  Shell shell = Shell::bash;
};

void declare(OptionRegistry& registry, CompletionConfig& config) {
  const EnumNames<Shell> names = {{"bash", Shell::bash}, {"zsh", Shell::zsh}, {"fish", Shell::fish}};
  registry.add("completion.shell", config.shell, names, "shell to write the script for").positional("SHELL").required();
}

int run(const CompletionConfig& config, const OptionRegistry&) {
  write_output(completion_script(all_verbs(), config.shell));
  return 0;
}

}  // namespace

Verb completion_verb() {
  return make_verb<CompletionConfig>("completion", "print a script that completes commands in bash, zsh or fish",
                                     declare, run);
}

}  // namespace lowbit
