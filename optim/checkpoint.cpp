#include "optim/checkpoint.h"

#include "core/error.h"
#include "core/files/atomic.h"
#include "core/files/checksum_list.h"
#include "core/files/mapped_file.h"
#include "core/files/safetensors.h"

namespace lowbit {
namespace {

constexpr const char* kModel = "model.safetensors";
constexpr const char* kOptimizer = "optimizer.safetensors";
constexpr const char* kEma = "ema.safetensors";
constexpr const char* kState = "state.json";

std::string join(const std::string& folder, const std::string& name) { return folder + "/" + name; }

}  // namespace

void save_checkpoint(const std::string& folder, const Checkpoint& checkpoint) {
  AtomicFolder target(folder);
  ChecksumList sums;
  const auto add = [&](const char* name, const StateDict& tensors) {
    sums.add(name, save_safetensors(join(target.path(), name), tensors));
  };
  add(kModel, checkpoint.model);
  add(kOptimizer, checkpoint.optimizer);
  if (!checkpoint.ema.tensors.empty()) add(kEma, checkpoint.ema);
  sums.add(kState, write_file_atomically(join(target.path(), kState), to_json(checkpoint.state)));
  sums.write(target.path());
  target.commit();
}

Checkpoint load_checkpoint(const std::string& folder) {
  const ChecksumList sums = ChecksumList::read(folder);
  for (const char* name : {kModel, kOptimizer, kState})
    LB_REQUIRE(sums.holds(name), ErrorKind::model, "checkpoint", "{}: {} is not listed",
               join(folder, ChecksumList::kFile), name);
  sums.verify(folder);
  Checkpoint checkpoint;
  checkpoint.model = load_safetensors(join(folder, kModel));
  checkpoint.optimizer = load_safetensors(join(folder, kOptimizer));
  if (sums.holds(kEma)) checkpoint.ema = load_safetensors(join(folder, kEma));
  checkpoint.state = load_train_state(folder);
  return checkpoint;
}

TrainState load_train_state(const std::string& folder) {
  const std::string path = join(folder, kState);
  const MappedFile file(path, ErrorKind::model);
  return train_state_from_json(file.text(), path);
}

}  // namespace lowbit
