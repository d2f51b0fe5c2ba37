#pragma once

#include <string>
#include <vector>

#include "nn/transformer/seq2seq.h"

namespace lowbit {

/// Freezes a model and writes it as model.bin of CTranslate2's TransformerSpec, revision 7: int8 rows where a slot
/// holds codes (ct2_rows.h), f32 elsewhere. Then reads the file again and compares. Returns what is computed
/// differently there, a line each. The rest of such a folder needs the tokenizer.
/// Errors (usage): a part of the model that CTranslate2 has no place for; (self_check); (data): cannot be written.
std::vector<std::string> write_ct2_model(Seq2Seq& model, const std::string& path);

}  // namespace lowbit
