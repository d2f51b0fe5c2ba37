#include "apps/verbs/verbs.h"

namespace lowbit {

std::span<const Verb> all_verbs() {
  static const Verb verbs[] = {report_verb(), doctor_verb(), completion_verb(), help_verb()};
  return verbs;
}

}  // namespace lowbit
