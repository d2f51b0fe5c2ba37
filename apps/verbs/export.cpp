#include <algorithm>
#include <filesystem>

#include "apps/lib/log/log.h"
#include "apps/lib/model/ct2_folder.h"
#include "apps/lib/model/generation_options.h"
#include "apps/lib/model/gguf_folder.h"
#include "apps/lib/model/hf_folder.h"
#include "apps/lib/model/model_card.h"
#include "apps/lib/model/model_folder.h"
#include "apps/lib/model/model_search.h"
#include "apps/lib/program/environment.h"
#include "apps/lib/program/output.h"
#include "apps/verbs/verbs.h"
#include "core/error.h"
#include "core/files/atomic.h"
#include "nn/quant/bits.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

enum class Format : uint8_t { packed, hf, ct2, gguf };

const EnumNames<Format> kFormats = {
    {"packed", Format::packed}, {"hf", Format::hf}, {"ct2", Format::ct2}, {"gguf", Format::gguf}};

std::string name_of(Format format) {
  return std::find_if(kFormats.begin(), kFormats.end(), [&](const auto& row) { return row.second == format; })->first;
}

struct ExportOptions {
  std::string model, out, license, results;
  Format format = Format::packed;
  GgufTypes outtype = GgufTypes::automatic;
  Languages languages;
};

void declare(OptionRegistry& r, ExportOptions& o) {
  r.add("export.model", o.model, "model folder, checkpoint, run, Hugging Face folder or fairseq .pt")
      .positional("MODEL_OR_RUN")
      .required();
  r.add("export.out", o.out, "folder to write").required();
  r.add(
      "export.format", o.format, kFormats,
      "packed: codes for serving here; hf: floats for transformers, which loads BART and mBART; ct2: for CTranslate2, "
      "codes as int8; gguf: a GGUF file");
  r.add(
      "export.outtype", o.outtype,
      {{"auto", GgufTypes::automatic}, {"tq1_0", GgufTypes::tq1_0}, {"f16", GgufTypes::f16}},
      "gguf: auto: TQ2_0, Q4_0 and Q8_0 for codes, F32 for floats; tq1_0: TQ1_0 instead of TQ2_0; f16: float matrices "
      "as F16");
  r.add("export.license", o.license, "of the weights, for the model card: apache-2.0, cc-by-4.0, ...").alias("licence");
  r.add("export.results", o.results,
        "results file of `lowbit compare` for the model card; empty: results.json in or beside the run's folder");
  declare_language_options(r, o.languages);
}

/// What stands in the folder when it is given its name, verified by reading it back. Returns what is computed
/// differently where it goes.
std::vector<std::string> fill(LoadedModel& loaded, const ExportOptions& options, const std::string& folder) {
  std::unique_ptr<Tokenizer> tokenizer;  // only transformers do without
  if (options.format != Format::hf || find_tokenizer(loaded.folder))
    tokenizer = load_tokenizer(loaded, options.languages);
  std::vector<std::string> notes;
  switch (options.format) {
    case Format::ct2:
      notes = fill_ct2_folder(loaded, *tokenizer, folder);
      break;
    case Format::gguf:
      notes = fill_gguf_folder(loaded, *tokenizer, options.outtype, folder);
      break;
    case Format::hf:
      fill_hf_folder(loaded, tokenizer.get(), folder);
      return notes;
    case Format::packed:
      freeze_tree(*loaded.model);
      fill_model_folder(loaded, *tokenizer, folder);
      return notes;
  }
  if (search_to_keep(loaded.folder, loaded.model->config()))
    notes.push_back("how to search (beams, lengths, n-grams, forced tokens) is not kept: its caller gives it there");
  return notes;
}

/// Writes README.md beside what is in the folder already. Returns the bytes of that: what serving needs.
int64_t add_card(ModelCard card, const std::string& folder) {
  int64_t bytes = 0;
  for (const auto& file : fs::directory_iterator(folder))
    card.files.emplace_back(file.path().filename().string(), static_cast<int64_t>(file.file_size()));
  std::sort(card.files.begin(), card.files.end());
  for (const auto& file : card.files) bytes += file.second;
  write_file_atomically((fs::path(folder) / ModelCard::kFile).string(), model_card(card));
  return bytes;
}

int run(const ExportOptions& options, const OptionRegistry&) {
  LB_REQUIRE(options.format == Format::gguf || options.outtype == GgufTypes::automatic, ErrorKind::usage,
             "export.outtype", "is of --format gguf alone");
  if (options.format == Format::packed)
    refuse_to_replace(options.out);
  else
    expect_new_folder("export", options.out);
  LoadedModel loaded = load_model(options.model);
  ModelCard card{.format = name_of(options.format),
                 .bits = bits_of(*loaded.model),
                 .parameters = parameters_of(loaded.model->config()),
                 .license = options.license,
                 .command = process_arguments(),
                 .origin = read_origin(loaded.folder, options.results)};
  card.name = card.origin.run.empty() ? folder_name(options.out) : card.origin.run;
  AtomicFolder target(behind_links(options.out));
  card.notes = fill(loaded, options, target.path());
  for (const std::string& note : card.notes) log_warning("{}", note);
  const int64_t bytes = add_card(std::move(card), target.path());
  target.commit();
  write_output(fmt::format("{}: {} bytes, verified by reading it back\n", options.out, bytes));
  return 0;
}

}  // namespace

Verb export_verb() {
  return make_verb<ExportOptions>("export", "write a trained model for serving, here or by other programs", declare,
                                  run);
}

}  // namespace lowbit
