#include <filesystem>

#include "apps/lib/model/hf_folder.h"
#include "apps/lib/model/model_folder.h"
#include "apps/lib/program/output.h"
#include "apps/verbs/verbs.h"
#include "core/error.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

enum class Format : uint8_t { packed, hf };

struct ExportOptions {
  std::string model, out;
  Format format = Format::packed;
};

void declare(OptionRegistry& r, ExportOptions& o) {
  r.add("export.model", o.model, "model folder, checkpoint, run or Hugging Face folder")
      .positional("MODEL_OR_RUN")
      .required();
  r.add("export.out", o.out, "folder to write").required();
  r.add("export.format", o.format, {{"packed", Format::packed}, {"hf", Format::hf}},
        "packed: codes for serving here; hf: floats for transformers, which loads BART and mBART");
}

PackedFolder write(LoadedModel& loaded, const ExportOptions& options) {
  if (options.format == Format::hf) {
    LB_REQUIRE(!fs::exists(options.out) || fs::is_empty(options.out), ErrorKind::usage, "export",
               "{} holds something already; give another --out, or remove it", options.out);
    return write_hf_folder(loaded, options.out);
  }
  return pack_model(loaded, options.out);
}

int run(const ExportOptions& options, const OptionRegistry&) {
  LoadedModel loaded = load_model(options.model);
  const PackedFolder written = write(loaded, options);
  write_output(fmt::format("{}: {} bytes, verified by reading it back\n", options.out, written.bytes));
  return 0;
}

}  // namespace

Verb export_verb() { return make_verb<ExportOptions>("export", "pack a trained model for serving", declare, run); }

}  // namespace lowbit
