#include <algorithm>
#include <nlohmann/json.hpp>

#include "apps/lib/model/model_folder.h"
#include "apps/lib/program/output.h"
#include "apps/lib/train/level_stats.h"
#include "apps/verbs/verbs.h"
#include "core/error.h"
#include "core/quant/packing.h"
#include "nn/quant/bits.h"

namespace lowbit {
namespace {

using Json = nlohmann::ordered_json;

struct InspectOptions {
  std::string model, slots;
  bool json = false;
};

void declare(OptionRegistry& r, InspectOptions& o) {
  r.add("inspect.model", o.model, "model folder, checkpoint, run, Hugging Face folder or fairseq .pt")
      .positional("MODEL_OR_RUN");
  r.add("inspect.slots", o.slots, "instead of a model: slots and number of parameters of an architecture");
  r.add("inspect.json", o.json, "print one JSON object");
}

/// Codes of a weight: book, bytes packed, range of the scales.
Json describe_codes(const QTensor& q) {
  const std::vector<float> scales = q.scale.to_vector<float>();
  const auto [low, high] = std::minmax_element(scales.begin(), scales.end());
  return {{"shape", {q.shape()[0], q.shape()[1]}},
          {"codes", to_string(q.book)},
          {"bits", range_of(q.book).bits},
          {"bytes", q.shape()[0] * packed_row_bytes(q.book, q.shape()[1]) + static_cast<int64_t>(q.scale.bytes())},
          {"scales", scales.size()},
          {"scale_min", *low},
          {"scale_max", *high}};
}

Json describe(Seq2Seq& model) {
  Json tensors = Json::object();
  model.each_parameter([&](const std::string& path, Parameter& p) {
    const Tensor& value = p.value.value();
    Json shape = Json::array();
    for (int i = 0; i < value.shape().rank(); ++i) shape.push_back(value.shape()[i]);
    tensors[path] = {{"shape", shape},
                     {"codes", to_string(value.dtype())},
                     {"bits", 8 * size_of(value.dtype())},
                     {"bytes", value.bytes()}};
  });
  model.each_weight_codes([&](const std::string& path, const QTensor& q) { tensors[path] = describe_codes(q); });
  for (const LevelStats::Weight& weight : LevelStats().look(model)) {
    tensors[weight.path]["entropy"] = weight.entropy;
    tensors[weight.path]["counts"] = weight.counts;
  }
  return tensors;
}

Json describe(const ImportReport& report) {
  Json renamed = Json::object();
  for (const auto& [file_name, name] : report.renamed) renamed[file_name] = name;
  return {{"files", report.files},   {"model_type", report.model_type}, {"used", report.used},
          {"renamed", renamed},      {"aliases", report.aliases},       {"ignored", report.ignored},
          {"filled", report.filled}, {"split", report.split},           {"notes", report.notes}};
}

/// What became of the file's tensors that are not simply used.
std::string text_of(const ImportReport& report) {
  std::string text;
  for (const auto& [file_name, name] : report.renamed) text += fmt::format("{} in the file is {}\n", file_name, name);
  const auto add = [&](const std::vector<std::string>& names, const char* what) {
    for (const std::string& name : names) text += fmt::format("{} {}\n", name, what);
  };
  add(report.split, "in the file is split into its projections");
  add(report.aliases, "in the file is a copy of the token table");
  add(report.ignored, "in the file is no weight, ignored");
  add(report.filled, "is not in the file, set to zero");
  return text + report.str() + "\n";
}

std::string line(const std::string& path, const Json& t) {
  std::string text = fmt::format("{:<52} {:<14} {:>8} {:>2} bit {:>10} B", path, t["shape"].dump(),
                                 t["codes"].get<std::string>(), t["bits"].get<int>(), t["bytes"].get<int64_t>());
  if (t.contains("scale_min"))
    text += fmt::format("  scale {:.4g} .. {:.4g}", t["scale_min"].get<double>(), t["scale_max"].get<double>());
  if (t.contains("entropy")) text += fmt::format("  entropy {:.3f} bit", t["entropy"].get<double>());
  return text + "\n";
}

/// The architecture's slots, which recipes fill, and its size.
int print_slots(const std::string& arch) {
  Seq2Seq model = seq2seq_without_weights(transformer_preset(arch));
  int64_t count = 0;
  model.each_slot([&](const std::string& path, Slot&) {
    write_output(path + "\n");
    ++count;
  });
  write_output(fmt::format("{}: {} slots, {} parameters\n", arch, count, model.parameter_count()));
  return 0;
}

int run(const InspectOptions& options, const OptionRegistry&) {
  if (!options.slots.empty()) return print_slots(options.slots);
  LB_REQUIRE(!options.model.empty(), ErrorKind::usage, "inspect", "which model? Give MODEL_OR_RUN, or --slots ARCH");
  const LoadedModel loaded = load_model(options.model);
  const BitWidths bits = bits_of(*loaded.model);
  const Json tensors = describe(*loaded.model);
  int64_t bytes = 0;
  for (const auto& [path, t] : tensors.items()) bytes += t["bytes"].get<int64_t>();
  if (options.json) {
    Json record = {{"folder", loaded.folder}, {"bits", bits.str()}, {"bytes", bytes}, {"tensors", tensors}};
    if (loaded.imported) record["import"] = describe(*loaded.imported);
    write_output(record.dump() + "\n");
    return 0;
  }
  const bool fairseq = loaded.imported && loaded.imported->origin == ModelOrigin::fairseq;
  write_output(
      fmt::format("{}  bits W-E-A {}\n", fairseq ? loaded.imported->files.front() : loaded.folder, bits.str()));
  for (const auto& [path, t] : tensors.items()) write_output(line(path, t));
  if (loaded.imported) write_output(text_of(*loaded.imported));
  write_output(fmt::format("{} tensors, {} parameters, {} bytes when packed\n", tensors.size(),
                           parameters_of(loaded.model->config()), bytes));
  return 0;
}

}  // namespace

Verb inspect_verb() {
  return make_verb<InspectOptions>("inspect", "tensors of a model: shapes, bits, bytes, scales, entropy of levels",
                                   declare, run);
}

}  // namespace lowbit
