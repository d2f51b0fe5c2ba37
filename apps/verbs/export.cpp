#include "apps/lib/model/model_folder.h"
#include "apps/lib/program/output.h"
#include "apps/verbs/verbs.h"

namespace lowbit {
namespace {

struct ExportOptions {
  std::string model, out;
};

void declare(OptionRegistry& r, ExportOptions& o) {
  r.add("export.model", o.model, "model folder, checkpoint or run").positional("MODEL_OR_RUN").required();
  r.add("export.out", o.out, "folder to write").required();
}

int run(const ExportOptions& options, const OptionRegistry&) {
  LoadedModel loaded = load_model(options.model);
  const std::unique_ptr<Tokenizer> tokenizer = load_tokenizer(loaded);
  freeze_tree(*loaded.model);
  const PackedFolder written = write_model_folder(*loaded.model, *tokenizer, options.out);
  write_output(fmt::format("{}: {} bytes, verified by reading it back\n", options.out, written.bytes));
  return 0;
}

}  // namespace

Verb export_verb() { return make_verb<ExportOptions>("export", "pack a trained model for serving", declare, run); }

}  // namespace lowbit
