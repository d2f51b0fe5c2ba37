#pragma once

#include <span>

#include "apps/lib/program/program.h"

namespace lowbit {

/// The program's verbs in the order of `lowbit help`. A new verb is a file in this folder and a line in verbs.cpp.
std::span<const Verb> all_verbs();

Verb ablate_verb();
Verb average_verb();
Verb bench_verb();
Verb compare_verb();
Verb completion_verb();
Verb distill_verb();
Verb doctor_verb();
Verb eval_verb();
Verb export_verb();
Verb generate_verb();
Verb help_verb();
Verb inspect_verb();
Verb prepare_verb();
Verb report_verb();
Verb score_verb();
Verb tokenize_verb();
Verb trace_verb();
Verb train_verb();

}  // namespace lowbit
