#include <sys/resource.h>

#include <csignal>

#include "core/files/atomic.h"
#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

/// No file may grow beyond this while the object lives: writing fails as on a full disk.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SmallDisk() {
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
      const SmallDisk full(8000);
      outcome = run({"export", run_folder, "--format", format, "--out", path("out")});
    }
    test::expect_failure(outcome, 3, {path("out"), "nothing was changed"});
    for (const auto& entry : fs::directory_iterator(path("")))
      EXPECT_FALSE(entry.path().filename() == "out" || is_temporary_name(entry.path().filename().string()))
          << entry.path();
  }
}

TEST_F(FailingExport, ReplacesNothingButAnExportedModel) {
  const std::string run_folder = trained("student", {"--recipe", "tbt-2-2-8"});
  fs::create_directory(path("notes"));
  write("notes/diary.txt", "dear diary");
  for (const std::string& out : {run_folder, path("data"), path("notes")}) {
    SCOPED_TRACE(out);
    for (const char* format : {"packed", "ct2"})
      test::expect_failure(run({"export", run_folder, "--format", format, "--out", out}), 2, {out, "another --out"});
    test::expect_failure(run({"average", run_folder, "--last", "2", "--out", out}), 2, {out, "another --out"});
  }
  EXPECT_EQ(read("notes/diary.txt"), "dear diary");
  EXPECT_FALSE(read("student/checkpoint_last/model.safetensors").empty());

  for (int times = 0; times < 2; ++times) {  // the second takes the place of the first; a slash at the end is a folder
    const test::Outcome outcome = run({"export", run_folder, "--out", path("packed/")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  }
  EXPECT_FALSE(read("packed/model.safetensors").empty());
}

TEST_F(FailingExport, NamesTheTokenizerThatHasAPartOnly) {
  const std::string run_folder = trained("student");
  ASSERT_EQ(run({"export", run_folder, "--out", path("packed")}).code, 0);
  fs::remove(path("packed/sentencepiece.bpe.model"));
  write("packed/merges.txt", "#version: 0.2\n");
  test::expect_failure(run({"export", path("packed"), "--out", path("again")}), 4, {"merges.txt"});
}

}  // namespace
}  // namespace lowbit
