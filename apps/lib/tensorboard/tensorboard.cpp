#include "apps/lib/tensorboard/tensorboard.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "apps/lib/log/metrics.h"
#include "core/error.h"

namespace lowbit {
namespace {

using Json = nlohmann::ordered_json;

// events.out.tfevents.SECONDS.HOST.PID.NUMBER, unlike any other file's.
std::string event_file_name() {
  static std::atomic<int> count{0};
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) std::strcpy(host.data(), "localhost");
  return fmt::format("events.out.tfevents.{:.0f}.{}.{}.{}", unix_seconds(), host.data(), getpid(), count++);
}

}  // namespace

EventFile::EventFile(const std::string& folder, std::optional<int64_t> continue_from) : file_(nullptr, std::fclose) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  LB_REQUIRE(!error, ErrorKind::data, folder, "cannot be made: {}", error.message());
  path_ = folder + "/" + event_file_name();
  file_.reset(std::fopen(path_.c_str(), "wb"));
  LB_REQUIRE(file_, ErrorKind::data, path_, "cannot be opened: {}", std::strerror(errno));
  add(version_event(unix_seconds()));
  if (continue_from) add(restart_event(unix_seconds(), *continue_from + 1));
}

void EventFile::add(const std::string& event) {
  const std::string record = frame_record(event);
  LB_REQUIRE(std::fwrite(record.data(), 1, record.size(), file_.get()) == record.size(), ErrorKind::data, path_,
             "cannot be written: {}", std::strerror(errno));
}

void EventFile::flush() {
  LB_REQUIRE(std::fflush(file_.get()) == 0, ErrorKind::data, path_, "cannot be written: {}", std::strerror(errno));
}

TensorBoard::TensorBoard(std::string folder, std::optional<int64_t> continue_from)
    : folder_(std::move(folder)), continue_from_(continue_from) {}

EventFile& TensorBoard::file(const std::string& name) {
  return files_.try_emplace(name, folder_ + "/" + name, continue_from_).first->second;
}

void TensorBoard::add(const Json& record) {
  const auto kind = record.at("kind").get<std::string>();
  const auto step = record.at("update").get<int64_t>();
  const double seconds = record.value("time", unix_seconds());
  EventFile& events = file(kind);
  for (const auto& [key, value] : record.items()) {
    if (is_metric(key, value)) events.add(scalar_event(seconds, step, key, metric_value(value)));
    if (key != "seconds" && key != "bytes") continue;
    for (const auto& [part, amount] : value.items())
      events.add(scalar_event(seconds, step, fmt::format("{}/{}", key, part), metric_value(amount)));
  }
  for (const Json& level : record.value("levels", Json::array())) {
    const auto path = level.at("path").get<std::string>();
    const auto values = level.at("values").get<std::vector<double>>(),
               counts = level.at("counts").get<std::vector<double>>();
    events.add(histogram_event(seconds, step, "levels/" + path, level_histogram(values, counts)));
    for (const char* key : {"entropy", "flip"}) {
      if (level.contains(key))
        events.add(scalar_event(seconds, step, fmt::format("{}/{}", key, path), metric_value(level[key])));
    }
  }
  events.flush();
}

void TensorBoard::add_text(const std::string& tag, const std::string& markdown) {
  EventFile& events = file("train");
  events.add(text_event(unix_seconds(), 0, tag, markdown));
  events.flush();
}

}  // namespace lowbit
