#include <sys/resource.h>

#include <csignal>

#include "core/files/atomic.h"
#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

/// No file may grow beyond this while the object lives: writing fails as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

class FailingExport : public test::TinyRun {};

TEST_F(FailingExport, LeavesNothing) {
  const std::string run_folder = trained("student", {"--recipe", "tbt-2-2-8"});
  for (const char* format : {"packed", "ct2", "gguf"}) {
    SCOPED_TRACE(format);
    test::Outcome outcome;
    {
      const FullDisk full(8000);
      outcome = run({"export", run_folder, "--format", format, "--out", path("out")});
    }
    test::expect_failure(outcome, 3, {path("out"), "nothing was changed"});
    for (const auto& entry : fs::directory_iterator(path("")))
      EXPECT_FALSE(entry.path().filename() == "out" || is_temporary_name(entry.path().filename().string()))
          << entry.path();
  }
}

}  // namespace
}  // namespace lowbit
