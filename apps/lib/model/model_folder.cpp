#include "apps/lib/model/model_folder.h"

#include <filesystem>
#include <set>

#include "apps/lib/log/log.h"
#include "apps/lib/model/model_search.h"
#include "apps/lib/program/output.h"
#include "core/error.h"
#include "core/files/atomic.h"
#include "core/files/checksum.h"
#include "core/files/checksum_list.h"
#include "core/files/safetensors.h"
#include "data/tokenizer/open_tokenizer.h"
#include "nn/checkpoint/fairseq_import.h"
#include "nn/checkpoint/hf_generation.h"
#include "nn/quant/slot.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

/// Slots whose learned scale no training batch has set yet run with the value that they were made with.
void warn_if_uncalibrated(Seq2Seq& model, const std::string& file) {
  std::string first;
  int64_t count = 0;
  model.each_slot([&](const std::string& path, Slot& slot) {
    if (slot.empty() || slot.calibrated()) return;
    if (count++ == 0) first = path;
  });
  if (count > 0)
    log_warning("{}: the learned scale of {} was never calibrated{}: it is 1 until a training batch sets it", file,
                first, count > 1 ? fmt::format(", nor those of {} other slots", count - 1) : "");
}

/// How to search with the model, or where nothing says how, its special tokens and longest output.
std::string generation_config(const LoadedModel& loaded) {
  const TransformerConfig& model = loaded.model->config();
  if (const auto search = search_to_keep(loaded.folder, model)) return generation_to_own(*search, model);
  return generation_to_hf(plain_search(model), model);
}

/// Where a model is, and what it is.
struct Place {
  std::string folder;
  std::optional<std::string> fairseq = {};  // the checkpoint
};

std::optional<Place> find_place(const std::string& path) {
  for (const char* part : {"", "checkpoint_best", "checkpoint_last"}) {
    const fs::path folder = *part ? fs::path(path) / part : fs::path(path);
    if (fs::exists(folder / kWeightsFile) || is_hf_folder(folder.string())) return Place{folder.string()};
  }
  if (const std::optional<std::string> file = find_fairseq_checkpoint(path))
    return Place{fs::absolute(*file).parent_path().string(), file};
  return std::nullopt;
}

Place resolve_place(const std::string& path) {
  std::optional<Place> place = find_place(path);
  if (place) return std::move(*place);
  const std::string parent = fs::absolute(path).parent_path().string();
  LB_REQUIRE(!fs::is_regular_file(path) || !find_place(parent), ErrorKind::model, "model",
             "{}: a file, and no fairseq checkpoint (.pt); give the folder that it is in, {}", path, parent);
  fail(ErrorKind::model, "model",
       "{}: neither a model folder, a run nor a fairseq checkpoint: no {} in it or in its checkpoint_best and "
       "checkpoint_last, and no .pt",
       path, kWeightsFile);
}

}  // namespace

bool has_model(const std::string& path) { return find_place(path).has_value(); }

std::string resolve_model_folder(const std::string& path) { return resolve_place(path).folder; }

bool is_foreign_model(const std::string& path) {
  const std::optional<Place> place = find_place(path);
  return place && (place->fairseq || is_hf_folder(place->folder));
}

TransformerConfig read_model_config(const std::string& path) {
  const auto [folder, fairseq] = resolve_place(path);
  if (fairseq) return read_fairseq_config(*fairseq);
  if (is_hf_folder(folder)) return read_hf_config(folder);
  const std::string file = (fs::path(folder) / kWeightsFile).string();
  return model_config(SafetensorsFile(file).metadata(), file);
}

LoadedModel load_model(const std::string& path, const ConfigEdit& edit) {
  const auto [folder, fairseq] = resolve_place(path);
  if (fairseq) {
    ImportedModel imported = import_fairseq(*fairseq, edit);
    log_info("{}: {}", *fairseq, imported.report.str());
    return {std::move(imported.model), folder, std::move(imported.report)};
  }
  if (fs::exists(fs::path(folder) / ChecksumList::kFile)) {
    const ChecksumList sums = ChecksumList::read(folder);
    LB_REQUIRE(sums.holds(kWeightsFile), ErrorKind::model, "checksums", "{}/{}: {} is not listed, the file is damaged",
               folder, ChecksumList::kFile, kWeightsFile);
    sums.verify(folder);
  }
  if (is_hf_folder(folder)) {
    ImportedModel imported = import_hf_folder(folder, edit);
    log_info("{}: {}", folder, imported.report.str());
    return {std::move(imported.model), folder, std::move(imported.report)};
  }
  const std::string file = (fs::path(folder) / kWeightsFile).string();
  LoadedModel loaded = {model_from_state(load_safetensors(file), file, edit), folder};
  warn_if_uncalibrated(*loaded.model, file);
  return loaded;
}

std::vector<fs::path> folder_and_run(const std::string& folder) {
  fs::path normal = fs::absolute(folder).lexically_normal();
  if (!normal.has_filename()) normal = normal.parent_path();
  std::vector<fs::path> places = {normal};
  if (fs::is_regular_file(normal.parent_path() / "config.yaml")) places.push_back(normal.parent_path());
  return places;
}

std::optional<std::string> find_tokenizer(const std::string& model_folder) {
  for (const fs::path& place : folder_and_run(model_folder))
    if (!tokenizer_files(place).empty()) return place.string();
  return std::nullopt;
}

std::unique_ptr<Tokenizer> load_tokenizer(const LoadedModel& loaded, const Languages& languages) {
  const std::optional<std::string> path = find_tokenizer(loaded.folder);
  LB_REQUIRE(
      path, ErrorKind::model, "model",
      "no {}, dict.txt, tokenizer.json, nor vocab.json and merges.txt, in {} or the run above it; copy those that "
      "the model was trained with",
      kTokenizerFile, loaded.folder);
  std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(*path, loaded.model->config().vocab, languages);
  LB_REQUIRE(tokenizer->vocab_size() == loaded.model->config().vocab, ErrorKind::model, "model",
             "{} has {} pieces but the model in {} has {} rows; put the tokenizer there that it was trained with",
             tokenizer_files(*path).front().string(), tokenizer->vocab_size(), loaded.folder,
             loaded.model->config().vocab);
  return tokenizer;
}

int64_t parameters_of(const TransformerConfig& config) { return seq2seq_without_weights(config).parameter_count(); }

int64_t model_bytes(const LoadedModel& loaded) {
  const fs::path folder = loaded.folder;
  std::vector<fs::path> files;
  for (const char* name : {kConfigFile, kGenerationFile, ChecksumList::kFile}) files.push_back(folder / name);
  if (loaded.imported)
    files.insert(files.end(), loaded.imported->files.begin(), loaded.imported->files.end());
  else
    files.push_back(folder / kWeightsFile);
  if (const std::optional<std::string> place = find_tokenizer(loaded.folder))
    for (const fs::path& file : tokenizer_files(*place)) files.push_back(file);
  int64_t bytes = 0;
  for (const fs::path& file : files)
    if (fs::exists(file)) bytes += static_cast<int64_t>(fs::file_size(file));
  return bytes;
}

void fill_model_folder(const LoadedModel& loaded, const Tokenizer& tokenizer, const std::string& folder) {
  const StateDict state = model_state(*loaded.model);
  const fs::path path = folder;
  write_file_atomically((path / kConfigFile).string(), model_config_json(*loaded.model));
  write_file_atomically((path / kGenerationFile).string(), generation_config(loaded));
  tokenizer.save(path);
  const std::string weights = (path / kWeightsFile).string();
  ChecksumList sums;
  sums.add(kConfigFile, checksum_of_file((path / kConfigFile).string()));
  sums.add(kWeightsFile, save_safetensors(weights, state));
  sums.write(folder);
  const auto again = model_from_state(load_safetensors(weights), weights);
  check_read_back(state, model_state(*again));
}

void refuse_to_replace(const std::string& folder) {
  refuse_file("write", folder);
  if (!fs::exists(folder) || fs::is_empty(folder)) return;
  std::set<fs::path> ours = {kConfigFile,         kGenerationFile, kWeightsFile,
                             ChecksumList::kFile, "README.md",     "tokenizer_config.json"};
  for (const fs::path& file : tokenizer_files(folder)) ours.insert(file.filename());
  bool replaceable = fs::exists(fs::path(folder) / ChecksumList::kFile);
  for (const auto& entry : fs::directory_iterator(folder))
    replaceable = replaceable && entry.is_regular_file() && ours.count(entry.path().filename()) > 0;
  LB_REQUIRE(replaceable, ErrorKind::usage, "write",
             "{} holds more than an exported model; give another --out, or remove it", folder);
}

void write_model_folder(const LoadedModel& loaded, const Tokenizer& tokenizer, const std::string& folder) {
  refuse_to_replace(folder);
  AtomicFolder target(behind_links(folder));
  fill_model_folder(loaded, tokenizer, target.path());
  target.commit();
}

}  // namespace lowbit
