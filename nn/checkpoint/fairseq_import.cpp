#include "nn/checkpoint/fairseq_import.h"

#include <filesystem>

#include "core/error.h"
#include "nn/checkpoint/fairseq_config.h"
#include "nn/checkpoint/hf_names.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

constexpr const char* kExtension = ".pt";
constexpr const char* kPreferred[] = {"checkpoint_best.pt", "checkpoint_last.pt", "model.pt"};

FairseqModel describe(const FairseqFile& file) {
  FairseqModel model = describe_fairseq(file);
  const bool has_dictionary = fs::exists(fs::path(file.path()).parent_path() / "dict.txt");
  if (model.is_bart() && model.config.vocab == kPaddedRows && !has_dictionary) model.config.vocab = kBartRows;
  return model;
}

}  // namespace

std::optional<std::string> find_fairseq_checkpoint(const std::string& path) {
  if (fs::is_regular_file(path)) return fs::path(path).extension() == kExtension ? std::optional(path) : std::nullopt;
  for (const char* name : kPreferred)
    if (fs::is_regular_file(fs::path(path) / name)) return (fs::path(path) / name).string();
  std::vector<std::string> others;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(path, none))
    if (entry.path().extension() == kExtension && entry.is_regular_file()) others.push_back(entry.path().string());
  LB_REQUIRE(others.size() <= 1, ErrorKind::model, "model", "{}: holds {} files *{}; name one of them", path,
             others.size(), kExtension);
  return others.empty() ? std::nullopt : std::optional(others.front());
}

TransformerConfig read_fairseq_config(const std::string& file) { return describe(FairseqFile(file)).config; }

ImportedModel import_fairseq(const std::string& file, const ConfigEdit& edit) {
  constexpr ImportNaming kNaming{.name_of = fairseq_name, .config = "its arguments"};
  auto tensors = std::make_unique<FairseqFile>(file);
  const FairseqModel described = describe(*tensors);
  const std::vector<std::string> split = tensors->split();
  TensorFiles files(std::move(tensors));
  require_room(files, kNaming, described.config);
  ImportedModel imported{std::make_unique<Seq2Seq>(edit ? edit(described.config) : described.config, 0), {}};
  imported.report.origin = ModelOrigin::fairseq;
  imported.report.model_type = described.arch;
  import_weights(std::move(files), kNaming, *imported.model, imported.report);
  imported.report.split = split;
  return imported;
}

}  // namespace lowbit
