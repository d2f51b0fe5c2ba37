#include "apps/lib/log/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include "apps/lib/log/train_line.h"
#include "tests/support/file_size_limit.h"

namespace lowbit {
namespace {

using Json = nlohmann::ordered_json;
using Clock = RateMeter::Clock;
using std::chrono::seconds;

const Json kRecord = {{"kind", "train_inner"}, {"update", 200},    {"epoch", 1},          {"lr", 5e-05},
                      {"loss", 6.12345},       {"ppl", 69.711},    {"wps", 1532.14},      {"ups", 4.2},
                      {"num_updates", 200},    {"gnorm", nullptr}, {"loss_scale", 128.0}, {"train_wall", 47.6},
                      {"flip", 0.02}};

TEST(StepLine, HasFairseqsKeysOrderAndRounding) {
  EXPECT_EQ(
      step_line("epoch 001", 200, 1374, kRecord, "4:39"),
      "epoch 001:    200 / 1374 loss=6.123, ppl=69.71, wps=1532.1, ups=4.20, num_updates=200, lr=5e-05, gnorm=nan, "
      "loss_scale=128, train_wall=48, flip=0.020, eta=4:39");
}

TEST(SummaryLine, TrainAndValid) {
  EXPECT_EQ(summary_line({{"kind", "train"}, {"epoch", 2}, {"loss", 4.0}, {"num_updates", 1374}}),
            "epoch 002 | loss 4.000 | num_updates 1374");
  EXPECT_EQ(
      summary_line(
          {{"kind", "valid"}, {"epoch", 12}, {"subset", "test"}, {"loss", 5.1214}, {"bleu", 12.3}, {"num_updates", 9}}),
      "epoch 012 | valid on 'test' subset | loss 5.121 | bleu 12.30 | num_updates 9");
}

TEST(RateMeter, SteadyRateIsExactAndAPauseFades) {
  const auto start = Clock::now();
  RateMeter rate(start, 100);
  EXPECT_EQ(rate.per_second(), 0);
  EXPECT_TRUE(std::isinf(rate.seconds_left(200)));
  for (int i = 1; i <= 50; ++i) rate.update(start + seconds(i), 100 + 4 * i);
  EXPECT_NEAR(rate.per_second(), 4, 1e-12);
  EXPECT_NEAR(rate.seconds_left(700), 100, 1e-9);
  rate.update(start + seconds(110), 304);  // a minute of validation
  EXPECT_LT(rate.per_second(), 2);
  for (int i = 1; i <= 200; ++i) rate.update(start + seconds(110 + i), 304 + 4 * i);
  EXPECT_NEAR(rate.per_second(), 4, 0.02);
}

TEST(ClockText, MinutesHoursAndUnknown) {
  EXPECT_EQ(clock_text(0.4), "0:00");
  EXPECT_EQ(clock_text(95), "1:35");
  EXPECT_EQ(clock_text(7391), "2:03:11");
  EXPECT_EQ(clock_text(std::numeric_limits<double>::infinity()), "?");
}

TEST(ProgressLine, ShowsShareRateAndTimeAndFitsTheTerminal) {
  const auto start = Clock::now();
  RateMeter rate(start);
  rate.update(start + seconds(10), 50);
  EXPECT_EQ(progress_line("epoch 001", 50, 200, rate, "loss=6.1", 200),
            "epoch 001:  25%|#####               | 50/200 [5.0 it/s, 0:30 left] loss=6.1");
  EXPECT_EQ(progress_line("epoch 001", 50, 200, rate, "loss=6.1", 40).size(), 39u);
  RateMeter slow(start);
  slow.update(start + seconds(10), 4);
  EXPECT_NE(progress_line("e", 4, 8, slow, "", 200).find("[2.5 s/it, 0:10 left]"), std::string::npos);
}

// stderr of a test is captured to a file, so tqdm must fall back to whole lines without control characters.
TEST(Progress, FormsOnAStderrThatIsNoTerminal) {
  const auto shown = [](LogFormat format) {
    ::testing::internal::CaptureStderr();
    {
      Progress progress("epoch 001", 6, {.format = format, .interval = 4});
      for (int i = 1; i <= 6; ++i) progress.advance(i, [] { return Json{{"loss", 2.0}, {"gnorm", std::nan("")}}; });
    }
    return ::testing::internal::GetCapturedStderr();
  };
  const std::string simple = shown(LogFormat::simple);
  EXPECT_EQ(simple.find("epoch 001:      4 / 6 loss=2.000, gnorm=nan, eta="), 0u) << simple;
  EXPECT_EQ(std::count(simple.begin(), simple.end(), '\n'), 2) << simple;
  EXPECT_EQ(simple.find_first_of("\r\033"), std::string::npos);
  EXPECT_EQ(shown(LogFormat::tqdm).find("epoch 001:      4 / 6 loss=2.000"), 0u);
  EXPECT_EQ(shown(LogFormat::none), "");
  const std::string json = shown(LogFormat::json);
  EXPECT_EQ(Json::parse(json.substr(0, json.find('\n'))),
            Json::parse(R"({"schema":1,"loss":2.0,"gnorm":null,"nonfinite":["gnorm"]})"));
}

// On a terminal the line is rewritten in place and log lines go above it. The terminal here is a pseudo-terminal.
TEST(Progress, OnATerminalTheLineIsRewrittenBelowTheLog) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  ASSERT_EQ(grantpt(terminal) + unlockpt(terminal), 0);
  const int other_end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
  const int old_stderr = dup(STDERR_FILENO);
  const char* ci = std::getenv("CI");
  const std::string old_ci = ci == nullptr ? "" : ci;
  unsetenv("CI");
  setenv("TERM", "xterm", 1);
  dup2(other_end, STDERR_FILENO);
  {
    Progress progress("e", 4, {.format = LogFormat::tqdm, .interval = 1});
    progress.advance(1, [] { return Json{{"loss", 2.0}}; });
    log_info("saved");
  }
  dup2(old_stderr, STDERR_FILENO);
  if (!old_ci.empty()) setenv("CI", old_ci.c_str(), 1);
  for (const int file : {other_end, old_stderr}) close(file);
  // The kernel carries the bytes over in the background: one read may see a part of them.
  std::string shown;
  char bytes[1024];
  for (ssize_t size = 0; (size = read(terminal, bytes, sizeof(bytes))) > 0;)
    shown.append(bytes, static_cast<size_t>(size));
  close(terminal);
  const std::string line = "e:  25%|#####               | 1/4 [";
  EXPECT_EQ(shown.find("\r\033[2K" + line), 0u) << shown;
  EXPECT_NE(shown.find("\r\033[2Ksaved\r\n" + line), std::string::npos) << shown;
  EXPECT_TRUE(shown.ends_with("\r\033[2K")) << "taken away at the end";
}

TEST(Log, LevelsComeFromTheEnvironmentAndAFileGetsAll) {
  const std::string path = ::testing::TempDir() + "lowbit_log_test.log";
  std::remove(path.c_str());
  setenv("LOWBIT_LOG", "warning", 1);
  set_up_log();
  log_to_file(path);
  ::testing::internal::CaptureStderr();
  log_info("step {}", 1);
  log_warning("careful");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "warning: careful\n");
  setenv("LOWBIT_LOG", "loud", 1);
  EXPECT_ANY_THROW(set_up_log());
  unsetenv("LOWBIT_LOG");
  set_up_log();
  FILE* file = std::fopen(path.c_str(), "r");
  ASSERT_NE(file, nullptr);
  char text[256] = {};
  const size_t size = std::fread(text, 1, sizeof(text) - 1, file);
  std::fclose(file);
  const std::string log(text, size);
  EXPECT_NE(log.find("| info | step 1\n"), std::string::npos) << log;
  EXPECT_NE(log.find("| warning | careful\n"), std::string::npos) << log;
}

TEST(Log, AFileThatCannotTakeMoreIsToldOnceAndTheWorkGoesOn) {
  const std::string path = ::testing::TempDir() + "lowbit_full_log_test.log";
  std::remove(path.c_str());
  setenv("LOWBIT_LOG", "warning", 1);
  set_up_log();
  log_to_file(path);
  ::testing::internal::CaptureStderr();
  {
    const test::FileSizeLimit limit(300);  // what goes to standard error, a file too, is shorter
    for (int i = 0; i < 5; ++i) log_info("{}", std::string(100, 'x'));
  }
  const std::string told = ::testing::internal::GetCapturedStderr();
  unsetenv("LOWBIT_LOG");
  set_up_log();
  EXPECT_EQ(told.find("warning: " + path + ": lines are missing: "), 0u) << told;
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 1) << told;
}

}  // namespace
}  // namespace lowbit
