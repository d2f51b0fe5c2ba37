#pragma once

#include <string>

#include "nn/checkpoint/fairseq_file.h"
#include "nn/transformer/config.h"

namespace lowbit {

/// What fairseq's saved arguments describe.
struct FairseqModel {
  std::string arch;  ///< "bart_large"
  TransformerConfig config;
  bool is_bart() const { return arch.starts_with("bart"); }
};

/// Reads "args", a Namespace, or "cfg" with its "model", a Namespace, a dict or containers of OmegaConf. What they
/// leave out has the default of their arch: transformer and its presets, bart_base, bart_large, mbart_base,
/// mbart_large. The rows of the token table are those of the tensors, and so is where the norms stand if the arguments
/// do not say it. Errors (model) naming the file and the argument: there are none, another arch, a value of the wrong
/// type, one that asks for what is not computed here, one that the tensors contradict.
FairseqModel describe_fairseq(const FairseqFile& file);

}  // namespace lowbit
