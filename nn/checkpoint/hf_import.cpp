#include "nn/checkpoint/hf_import.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files/safetensors.h"
#include "core/ops/reduce.h"
#include "core/text.h"
#include "nn/checkpoint/hf_config.h"
#include "nn/checkpoint/hf_generation.h"
#include "nn/checkpoint/hf_names.h"
#include "nn/checkpoint/tensor_files.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using Located = TensorFiles::Located;

constexpr const char* kConfig = "config.json";
constexpr const char* kTable = "embed_tokens.weight";
constexpr const char* kBias = "output_projection.bias";
/// BART's vocabulary, and the rows of fairseq's bart.base: made-up words before the mask token, which is last.
constexpr int64_t kBartRows = 50265, kPaddedRows = 51201;

std::string config_path(const std::string& folder) { return (fs::path(folder) / kConfig).string(); }

std::string config_text(const std::string& folder) {
  const MappedFile file(config_path(folder), ErrorKind::model);
  return std::string(file.text());
}

/// "3 tensors missing: a, b, c"
std::string some_of(const std::vector<std::string>& names, const char* what) {
  constexpr size_t kShown = 3;
  std::string text = fmt::format("{} tensor{} {}: ", names.size(), names.size() == 1 ? "" : "s", what);
  for (size_t i = 0; i < std::min(kShown, names.size()); ++i) text += (i ? ", " : "") + quoted_name(names[i]);
  return names.size() > kShown ? text + ", ..." : text;
}

/// One import: matches names, then copies.
class Import {
 public:
  Import(const std::string& folder, Seq2Seq& model, ImportReport& report)
      : files_(folder), model_(model), report_(report) {
    model_.each_parameter([&](const std::string& path, Parameter& parameter) { wanted_.emplace(path, &parameter); });
  }

  void run() {
    match_names();
    take_table_from_alias();
    refuse_what_is_left();
    for (auto& [path, parameter] : wanted_) {
      const auto found = found_.find(path);
      if (found == found_.end())
        parameter->value.mutable_value().fill_zero();
      else
        copy(path, found->second, parameter->value.mutable_value());
    }
    check_aliases();
    note_dtypes();
    report_.files = files_.paths();
  }

 private:
  struct Source {
    std::string name;  // in the file
    Located at;
  };

  template <class... Args>
  [[noreturn]] static void refuse(const Source& source, fmt::format_string<Args...> format, Args&&... args) {
    fail(ErrorKind::model, "import", "{}: tensor {} {}", source.at.file->path(), quoted_name(source.name),
         fmt::format(format, std::forward<Args>(args)...));
  }

  void match_names() {
    for (const auto& [name, at] : files_.entries()) {
      const FileName known = understand_name(name);
      const Source source{name, at};
      if (known.role == FileName::Role::ignored)
        report_.ignored.push_back(name);
      else if (known.role == FileName::Role::alias)
        aliases_.push_back(source);
      else if (!wanted_.count(known.path))
        unexpected_.push_back(name);
      else if (const auto [place, first] = found_.emplace(known.path, source); !first)
        refuse(source, "and {} are both {}", quoted_name(place->second.name), hf_name(known.path));
      else
        report(known.path, source);
    }
  }

  void report(const std::string& path, const Source& source) {
    if (source.name == hf_name(path))
      report_.used.push_back(source.name);
    else
      report_.renamed.emplace_back(source.name, hf_name(path));
    ++dtypes_[to_string(source.at.entry->dtype)];
  }

  /// Writers keep one of the copies, and not all the same one.
  void take_table_from_alias() {
    if (found_.count(kTable) || aliases_.empty()) return;
    found_.emplace(kTable, aliases_.front());
    report(kTable, aliases_.front());
    aliases_.erase(aliases_.begin());
  }

  void refuse_what_is_left() {
    std::vector<std::string> missing;
    for (const auto& [path, parameter] : wanted_) {
      if (found_.count(path)) continue;
      if (path == kBias)
        report_.filled.push_back(hf_name(path));
      else
        missing.push_back(hf_name(path));
    }
    if (missing.empty() && unexpected_.empty()) return;
    std::string text;
    if (!missing.empty()) text = some_of(missing, "missing");
    if (!unexpected_.empty()) text += (text.empty() ? "" : "; ") + some_of(unexpected_, "not of such a model");
    fail(ErrorKind::model, "import", "{}: {}", files_.origin(), text);
  }

  void copy(const std::string& path, const Source& source, Tensor& target) {
    const StoredTensor& entry = *source.at.entry;
    if (!is_floating(entry.dtype)) refuse(source, "is {}, a weight must be a float", to_string(entry.dtype));
    float* out = target.mutable_data<float>();
    if (path == kTable && target.shape()[0] == kBartRows && entry.shape == Shape{kPaddedRows, target.shape()[1]}) {
      read_rows_as_f32(entry, 0, kBartRows - 1, out);
      read_rows_as_f32(entry, kPaddedRows - 1, 1, out + (kBartRows - 1) * target.shape()[1]);
      report_.notes.push_back(fmt::format("{} made-up words of fairseq left out", kPaddedRows - kBartRows));
    } else {
      const bool row = path == kBias && entry.shape == Shape{1, target.numel()};
      if (entry.shape != target.shape() && !row)
        refuse(source, "has shape {}, {} asks for {}", entry.shape.str(), kConfig, target.shape().str());
      read_rows_as_f32(entry, 0, entry.shape[0], out);
    }
    if (const int64_t bad = ops::summarise(target).nonfinite; bad > 0)
      refuse(source, "has {} values that are not finite", bad);
    source.at.file->release(entry);
  }

  void check_aliases() {
    const Source& table = found_.at(kTable);
    for (const Source& alias : aliases_) {
      const StoredTensor &a = *alias.at.entry, &b = *table.at.entry;
      if (!same_bits(a, b))
        refuse(alias, "differs from {}: models whose input and output tables are not one are not computed here",
               quoted_name(table.name));
      alias.at.file->release(a);
      table.at.file->release(b);
      report_.aliases.push_back(alias.name);
    }
  }

  void note_dtypes() {
    for (const auto& [dtype, count] : dtypes_)
      if (dtype != to_string(DType::f32)) report_.notes.push_back(fmt::format("{} tensors cast from {}", count, dtype));
  }

  TensorFiles files_;
  Seq2Seq& model_;
  ImportReport& report_;
  std::map<std::string, Parameter*> wanted_;
  std::map<std::string, Source> found_;
  std::vector<Source> aliases_;
  std::vector<std::string> unexpected_;
  std::map<std::string_view, int64_t> dtypes_;
};

}  // namespace

std::string ImportReport::str() const {
  std::string text = fmt::format("Hugging Face {}: {} tensors used", model_type, used.size() + renamed.size());
  const auto add = [&](size_t count, const char* what) {
    if (count > 0) text += fmt::format(", {} {}", count, what);
  };
  add(renamed.size(), "of them renamed");
  add(aliases.size(), "copies of the token table");
  add(ignored.size(), "ignored");
  add(filled.size(), "not there and set to zero");
  for (const std::string& note : notes) text += ", " + note;
  return text;
}

bool is_hf_folder(const std::string& folder) {
  const fs::path single = fs::path(folder) / TensorFiles::kSingle;
  if (!fs::exists(single)) return TensorFiles::in(folder);
  return fs::exists(config_path(folder)) && !describes_model(SafetensorsFile(single.string()).metadata());
}

TransformerConfig read_hf_config(const std::string& folder) {
  TransformerConfig config = config_from_hf(config_text(folder), config_path(folder));
  config.decoder_start = read_hf_decoder_start(folder, config);
  return config;
}

ImportedModel import_hf_folder(const std::string& folder, const ConfigEdit& edit) {
  const TransformerConfig stored = read_hf_config(folder);
  ImportedModel imported{std::make_unique<Seq2Seq>(edit ? edit(stored) : stored, 0), {}};
  imported.report.model_type = stored.pre_norm ? "mbart" : "bart";
  Import(folder, *imported.model, imported.report).run();
  return imported;
}

}  // namespace lowbit
