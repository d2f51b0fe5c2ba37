#include "apps/lib/program/output.h"
#include "apps/lib/program/reference.h"
#include "apps/verbs/verbs.h"

namespace lowbit {
namespace {

struct HelpConfig {
  bool markdown = false;
};

void declare(OptionRegistry& registry, HelpConfig& config) {
  registry.add("help.markdown", config.markdown, "print docs/options.md, the reference of all verbs and options");
}

int run(const HelpConfig& config, const OptionRegistry&) {
  write_output(config.markdown ? options_page(all_verbs()) : program_usage(all_verbs()));
  return 0;
}

}  // namespace

Verb help_verb() { return make_verb<HelpConfig>("help", "list the verbs", declare, run); }

}  // namespace lowbit
