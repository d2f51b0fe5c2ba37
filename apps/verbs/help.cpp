#include "apps/lib/program/output.h"
#include "apps/lib/program/reference.h"
#include "apps/verbs/verbs.h"
#include "core/error.h"

namespace lowbit {
namespace {

struct HelpConfig {
  std::string verb;
  bool markdown = false;
};

void declare(OptionRegistry& registry, HelpConfig& config) {
  registry.add("help.verb", config.verb, "verb whose options to list; empty: the verbs").positional("VERB");
  registry.add("help.markdown", config.markdown, "print docs/options.md, the reference of all verbs and options");
}

int run(const HelpConfig& config, const OptionRegistry&) {
  if (!config.verb.empty()) {
    LB_REQUIRE(!config.markdown, ErrorKind::usage, "help", "help.markdown is of all verbs: leave {} out", config.verb);
    write_output(verb_usage(find_verb(all_verbs(), config.verb)));
    return 0;
  }
  write_output(config.markdown ? options_page(all_verbs()) : program_usage(all_verbs()));
  return 0;
}

}  // namespace

Verb help_verb() { return make_verb<HelpConfig>("help", "list the verbs, or one verb's options", declare, run); }

}  // namespace lowbit
