#include "nn/checkpoint/weight_import.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "core/ops/reduce.h"
#include "core/text.h"
#include "nn/checkpoint/hf_names.h"

namespace lowbit {
namespace {

using Located = TensorFiles::Located;

constexpr const char* kTable = "embed_tokens.weight";
constexpr const char* kBias = "output_projection.bias";

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
  Import(TensorFiles files, const ImportNaming& naming, Seq2Seq& model, ImportReport& report)
      : files_(std::move(files)), naming_(naming), report_(report) {
    model.each_parameter([&](const std::string& path, Parameter& parameter) { wanted_.emplace(path, &parameter); });
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
        refuse(source, "and {} are both {}", quoted_name(place->second.name), naming_.name_of(known.path));
      else
        report(known.path, source);
    }
  }

  void report(const std::string& path, const Source& source) {
    if (source.name == naming_.name_of(path))
      report_.used.push_back(source.name);
    else
      report_.renamed.emplace_back(source.name, naming_.name_of(path));
    ++dtypes_[to_string(source.at.entry->dtype)];
  }

  /// Writers keep one of the copies, and not all the same one.
  void take_table_from_alias() {
    if (found_.count(kTable) || aliases_.empty()) return;
    auto chosen = std::find_if(aliases_.begin(), aliases_.end(),
                               [&](const Source& alias) { return alias.name == naming_.name_of(kTable); });
    if (chosen == aliases_.end()) chosen = aliases_.begin();
    found_.emplace(kTable, *chosen);
    report(kTable, *chosen);
    aliases_.erase(chosen);
  }

  void refuse_what_is_left() {
    std::vector<std::string> missing;
    for (const auto& [path, parameter] : wanted_) {
      if (found_.count(path)) continue;
      if (path == kBias)
        report_.filled.push_back(naming_.name_of(path));
      else
        missing.push_back(naming_.name_of(path));
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
        refuse(source, "has shape {}, {} asks for {}", entry.shape.str(), naming_.config, target.shape().str());
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
  const ImportNaming& naming_;
  ImportReport& report_;
  std::map<std::string, Parameter*> wanted_;
  std::map<std::string, Source> found_;
  std::vector<Source> aliases_;
  std::vector<std::string> unexpected_;
  std::map<std::string_view, int64_t> dtypes_;
};

}  // namespace

std::string ImportReport::str() const {
  std::string text = fmt::format("{} {}: {} tensors used", to_string(origin), model_type, used.size() + renamed.size());
  const auto add = [&](size_t count, const char* what) {
    if (count > 0) text += fmt::format(", {} {}", count, what);
  };
  add(renamed.size(), "of them renamed");
  add(aliases.size(), "copies of the token table");
  add(ignored.size(), "ignored");
  add(filled.size(), "not there and set to zero");
  add(split.size(), "stacked projections split");
  for (const std::string& note : notes) text += ", " + note;
  return text;
}

void require_room(const TensorFiles& files, const ImportNaming& naming, const TransformerConfig& config) {
  constexpr double kSlack = 1 << 20;
  double held = 0;
  std::set<const std::byte*> counted;  // tensors may share their bytes
  for (const auto& [name, at] : files.entries())
    if (counted.insert(at.entry->bytes.data()).second)
      held += static_cast<double>(at.entry->bytes.size()) / static_cast<double>(size_of(at.entry->dtype));
  const auto d = static_cast<double>(config.dim);
  const auto layers = [&](int64_t count, int64_t ffn) {
    return static_cast<double>(count) * d * (4 * d + 2 * static_cast<double>(ffn));
  };
  const double asked = d * static_cast<double>(config.vocab + config.max_positions) +
                       layers(config.encoder_layers, config.ffn_dim) +
                       layers(config.decoder_layers, config.of_decoder().ffn_dim);
  LB_REQUIRE(asked <= 2 * held + kSlack, ErrorKind::model, "import", "{}: holds {:.3g} numbers, {} asks for {:.3g}",
             files.origin(), held, naming.config, asked);
}

void import_weights(TensorFiles files, const ImportNaming& naming, Seq2Seq& model, ImportReport& report) {
  Import(std::move(files), naming, model, report).run();
}

}  // namespace lowbit
