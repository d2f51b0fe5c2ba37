#include "apps/verbs/verbs.h"

namespace lowbit {

std::span<const Verb> all_verbs() {
  static const Verb verbs[] = {prepare_verb(), train_verb(),      distill_verb(),  eval_verb(),    generate_verb(),
                               average_verb(), export_verb(),     score_verb(),    compare_verb(), ablate_verb(),
                               inspect_verb(), trace_verb(),      tokenize_verb(), report_verb(),  bench_verb(),
                               doctor_verb(),  completion_verb(), help_verb()};
  return verbs;
}

}  // namespace lowbit
