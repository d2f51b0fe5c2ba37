#include "optim/checkpoint_store.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "core/error.h"
#include "core/files/atomic.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "checkpoint-";
constexpr const char* kLastLink = "checkpoint_last";
constexpr const char* kBestLink = "checkpoint_best";

std::string name_of(int64_t update) { return fmt::format("{}{}", kPrefix, update); }

/// The update in "checkpoint-<update>"; nothing for any other name.
std::optional<int64_t> update_in(const std::string& name) {
  int64_t update = 0;
  if (name.starts_with(kPrefix)) std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), update);
  return update >= 0 && name_of(update) == name ? std::optional(update) : std::nullopt;
}

}  // namespace

std::vector<CheckpointInfo> ranked(std::span<const CheckpointInfo> checkpoints, bool higher_is_better) {
  std::vector<CheckpointInfo> order;
  std::copy_if(checkpoints.begin(), checkpoints.end(), std::back_inserter(order),
               [](const CheckpointInfo& info) { return info.metric.has_value(); });
  std::sort(order.begin(), order.end(), [&](const CheckpointInfo& a, const CheckpointInfo& b) {
    if (*a.metric != *b.metric) return higher_is_better ? *a.metric > *b.metric : *a.metric < *b.metric;
    return a.update < b.update;
  });
  return order;
}

std::vector<int64_t> superfluous(std::span<const CheckpointInfo> checkpoints, const KeepRules& rules) {
  std::set<int64_t> updates, kept;
  for (const CheckpointInfo& info : checkpoints) updates.insert(info.update);
  const auto keep_first = [&](auto begin, auto end, int64_t count) {
    for (; begin != end && count > 0; ++begin, --count) kept.insert(*begin);
  };
  keep_first(updates.rbegin(), updates.rend(), rules.last);
  std::vector<int64_t> best;
  for (const CheckpointInfo& info : ranked(checkpoints, rules.higher_is_better)) best.push_back(info.update);
  keep_first(best.begin(), best.end(), rules.best);
  if (rules.every > 0)
    for (const int64_t update : updates)
      if (update % rules.every == 0) kept.insert(update);
  std::vector<int64_t> rest;
  std::set_difference(updates.begin(), updates.end(), kept.begin(), kept.end(), std::back_inserter(rest));
  return rest;
}

CheckpointStore::CheckpointStore(std::string folder, const KeepRules& rules)
    : folder_(std::move(folder)), rules_(rules) {
  LB_REQUIRE(rules.last >= 1 && rules.best >= 0 && rules.every >= 0, ErrorKind::usage, "checkpoint",
             "keep last must be at least 1, keep best and keep every at least 0; got {}, {} and {}", rules.last,
             rules.best, rules.every);
}

std::string CheckpointStore::path_of(int64_t update) const { return folder_ + "/" + name_of(update); }

std::vector<CheckpointInfo> CheckpointStore::list() const {
  std::vector<CheckpointInfo> checkpoints;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(folder_, absent)) {
    const auto update = update_in(entry.path().filename().string());
    if (!update) continue;
    CheckpointInfo& info = checkpoints.emplace_back(CheckpointInfo{*update, std::nullopt});
    try {
      info.metric = load_train_state(entry.path().string()).metric;
    } catch (const Error&) {
    }
  }
  std::sort(checkpoints.begin(), checkpoints.end(), [](const auto& a, const auto& b) { return a.update < b.update; });
  return checkpoints;
}

void CheckpointStore::remove_leftovers() const {
  std::vector<fs::path> leftovers;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("checkpoint") && is_temporary_name(name)) leftovers.push_back(entry.path());
  }
  for (const fs::path& path : leftovers) fs::remove_all(path, ignored);
}

std::string CheckpointStore::save(const Checkpoint& checkpoint) {
  remove_leftovers();  // of a killed run; first, because they take room
  const int64_t update = checkpoint.state.updates;
  save_checkpoint(path_of(update), checkpoint);
  point_link(folder_ + "/" + kLastLink, name_of(update));
  std::vector<CheckpointInfo> checkpoints = list();
  // Later ones are of a course that this run went back on: neither counted nor deleted.
  std::erase_if(checkpoints, [&](const CheckpointInfo& info) { return info.update > update; });
  const auto order = ranked(checkpoints, rules_.higher_is_better);
  std::error_code ignored;
  if (rules_.best == 0)
    fs::remove(folder_ + "/" + kBestLink, ignored);  // of a run that kept it before
  else if (!order.empty())
    point_link(folder_ + "/" + kBestLink, name_of(order.front().update));
  for (const int64_t old : superfluous(checkpoints, rules_)) remove_folder_atomically(path_of(old));
  return path_of(update);
}

/// Updates, rising. Later ones than the last are of a course that the run went back on.
std::vector<int64_t> CheckpointStore::up_to_last() const {
  std::vector<int64_t> updates;
  for (const CheckpointInfo& info : list()) updates.push_back(info.update);
  std::error_code no_link;
  const auto last = update_in(fs::read_symlink(folder_ + "/" + kLastLink, no_link).string());
  if (last && std::binary_search(updates.begin(), updates.end(), *last))
    std::erase_if(updates, [&](int64_t update) { return update > *last; });
  return updates;
}

std::vector<std::string> CheckpointStore::newest(int64_t count) const {
  const std::vector<int64_t> updates = up_to_last();
  LB_REQUIRE(count <= std::ssize(updates), ErrorKind::model, "checkpoint",
             "{} holds {} checkpoints, not {}; save.keep_last says how many a run keeps", folder_, updates.size(),
             count);
  std::vector<std::string> folders;
  for (auto update = updates.end() - count; update != updates.end(); ++update) folders.push_back(path_of(*update));
  return folders;
}

std::optional<CheckpointStore::Loaded> CheckpointStore::load_last() const {
  const std::vector<int64_t> candidates = up_to_last();
  if (candidates.empty()) return std::nullopt;
  std::string problems;
  for (auto update = candidates.rbegin(); update != candidates.rend(); ++update) {
    try {
      Loaded loaded = {load_checkpoint(path_of(*update)), path_of(*update), ""};
      if (!problems.empty()) loaded.warning = fmt::format("going on from {}: {}", name_of(*update), problems);
      return loaded;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::model) throw;
      problems += (problems.empty() ? "" : "; ") + std::string(error.what());
    }
  }
  fail(ErrorKind::model, "checkpoint", "no usable checkpoint in {}: {}", folder_, problems);
}

}  // namespace lowbit
