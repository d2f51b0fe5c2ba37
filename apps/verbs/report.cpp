#include "apps/lib/report/report.h"

#include <filesystem>

#include "apps/lib/log/log.h"
#include "apps/lib/run/run_folder.h"
#include "apps/verbs/verbs.h"
#include "core/error.h"
#include "core/files/atomic.h"

namespace lowbit {
namespace {

struct ReportConfig {
  std::vector<std::string> runs;
  std::string results, out, picture;
};

void declare(OptionRegistry& registry, ReportConfig& config) {
  registry.add("report.runs", config.runs, "run folders to show together").positional("RUN").required();
  registry.add("report.results", config.results, "results.json to show; empty is the first run's, if it has one");
  registry.add("report.out", config.out, "file to write; empty is report.html in the first run folder");
  registry.add("report.picture", config.picture, "SVG file to write too: score against size, of the results");
}

int run(const ReportConfig& config, const OptionRegistry&) {
  std::vector<RunData> runs;
  for (const std::string& path : config.runs) {
    const RunFolder folder = RunFolder::open(path);
    runs.push_back(read_run(folder.metrics(), std::filesystem::absolute(path).lexically_normal().filename().string()));
  }
  const RunFolder first = RunFolder::open(config.runs.front());
  const std::string results = !config.results.empty()                    ? config.results
                              : std::filesystem::exists(first.results()) ? first.results()
                                                                         : "";
  const std::string out = config.out.empty() ? first.report() : config.out;
  LB_REQUIRE(config.picture.empty() || !results.empty(), ErrorKind::usage, "report",
             "report.picture needs results; give --results FILE");
  const Results scores = results.empty() ? Results{} : read_results(results);
  write_file_atomically(out, report_page(runs, scores));
  log_info("wrote {}", out);
  if (config.picture.empty()) return 0;
  write_file_atomically(config.picture, score_size_picture(scores));
  log_info("wrote {}", config.picture);
  return 0;
}

}  // namespace

Verb report_verb() { return make_verb<ReportConfig>("report", "write a run's report as one HTML file", declare, run); }

}  // namespace lowbit
