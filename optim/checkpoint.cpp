#include "optim/checkpoint.h"

#include <map>

#include "core/error.h"
#include "core/files/atomic.h"
#include "core/files/safetensors.h"

namespace lowbit {
namespace {

constexpr const char* kModel = "model.safetensors";
constexpr const char* kOptimizer = "optimizer.safetensors";
constexpr const char* kEma = "ema.safetensors";
constexpr const char* kState = "state.json";
constexpr const char* kChecksums = "checksums.txt";

std::string join(const std::string& folder, const std::string& name) { return folder + "/" + name; }

/// One line of checksums.txt, in the form that xxhsum writes and checks.
std::string checksum_line(const std::string& name, uint64_t sum) {
  return fmt::format("XXH3 ({}) = {:016x}\n", name, sum);
}

/// File names and their lines.
std::map<std::string, std::string> read_checksums(const std::string& folder) {
  const MappedFile file(join(folder, kChecksums), ErrorKind::model);
  std::map<std::string, std::string> lines;
  for (std::string_view rest = file.text(); !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n') + 1);
    const size_t open = line.find('('), close = line.find(')');
    LB_REQUIRE(!line.empty() && open < close && close != std::string_view::npos, ErrorKind::model, "checkpoint",
               "{}: line {} is not a checksum", join(folder, kChecksums), lines.size() + 1);
    lines.emplace(line.substr(open + 1, close - open - 1), line);
    rest.remove_prefix(line.size());
  }
  return lines;
}

}  // namespace

void save_checkpoint(const std::string& folder, const Checkpoint& checkpoint) {
  AtomicFolder target(folder);
  std::string sums;
  const auto add = [&](const char* name, const StateDict& tensors) {
    sums += checksum_line(name, save_safetensors(join(target.path(), name), tensors));
  };
  add(kModel, checkpoint.model);
  add(kOptimizer, checkpoint.optimizer);
  if (!checkpoint.ema.tensors.empty()) add(kEma, checkpoint.ema);
  sums += checksum_line(kState, write_file_atomically(join(target.path(), kState), to_json(checkpoint.state)));
  write_file_atomically(join(target.path(), kChecksums), sums);
  target.commit();
}

Checkpoint load_checkpoint(const std::string& folder) {
  const auto sums = read_checksums(folder);
  for (const char* name : {kModel, kOptimizer, kState})
    LB_REQUIRE(sums.count(name), ErrorKind::model, "checkpoint", "{}: {} is not listed", join(folder, kChecksums),
               name);
  for (const auto& [name, line] : sums)
    LB_REQUIRE(line == checksum_line(name, checksum_of_file(join(folder, name))), ErrorKind::model, "checkpoint",
               "{}: the checksum differs, the file is damaged", join(folder, name));
  Checkpoint checkpoint;
  checkpoint.model = load_safetensors(join(folder, kModel));
  checkpoint.optimizer = load_safetensors(join(folder, kOptimizer));
  if (sums.count(kEma)) checkpoint.ema = load_safetensors(join(folder, kEma));
  checkpoint.state = load_train_state(folder);
  return checkpoint;
}

TrainState load_train_state(const std::string& folder) {
  const std::string path = join(folder, kState);
  const MappedFile file(path, ErrorKind::model);
  return train_state_from_json(file.text(), path);
}

}  // namespace lowbit
