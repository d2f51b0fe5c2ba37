#include "apps/lib/log/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "core/error.h"

namespace lowbit {
namespace {

using Json = nlohmann::ordered_json;

class MetricsTest : public ::testing::Test {
 protected:
  MetricsTest() : path_(::testing::TempDir() + "lowbit_metrics_" + std::to_string(getpid()) + ".jsonl") {}
  ~MetricsTest() override { std::filesystem::remove(path_); }

  std::string text() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void append(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }

  std::string path_;
};

TEST(FinishRecord, NumbersStayNumbersAndNonFiniteOnesAreNamed) {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  const Json record = finish_record({{"kind", "train_inner"},
                                     {"update", 3},
                                     {"loss", nan},
                                     {"gnorm", -inf},
                                     {"lr", 1e-4},
                                     {"levels", {{{"entropy", nan}, {"flip", 0.5}}}}});
  EXPECT_EQ(
      record.dump(),
      R"({"schema":1,"kind":"train_inner","update":3,"loss":null,"gnorm":null,"lr":0.0001,"levels":[{"entropy":null,"flip":0.5}],)"
      R"("nonfinite":["loss","gnorm","levels.0.entropy"]})");
  EXPECT_FALSE(finish_record({{"loss", 1.0}}).contains("nonfinite"));
}

TEST_F(MetricsTest, EachRecordIsOneLineThatCanBeReadAtOnce) {
  MetricsWriter writer(path_, std::nullopt);
  writer.write({{"kind", "start"}, {"update", 0}, {"name", "two\nlines"}, {"time", 1}});
  EXPECT_EQ(text(), "{\"schema\":1,\"kind\":\"start\",\"update\":0,\"name\":\"two\\nlines\",\"time\":1}\n");
  writer.write({{"kind", "train"}, {"update", 5}});
  EXPECT_EQ(read_metrics(path_).size(), 2u);
  EXPECT_GT(read_metrics(path_)[1]["time"].get<double>(), 1.7e9) << "seconds since 1970";
}

TEST_F(MetricsTest, ContinuingDropsWhatWillBeMadeAgain) {
  {
    MetricsWriter writer(path_, std::nullopt);
    for (int update : {10, 20, 30}) writer.write({{"kind", "train_inner"}, {"update", update}});
  }
  append("{\"schema\":1,\"kind\":\"train_in");  // killed in the middle of a line
  EXPECT_THROW(MetricsWriter(path_, std::nullopt), Error) << "another run's records";
  MetricsWriter(path_, 20).write({{"kind", "train_inner"}, {"update", 25}});
  std::vector<int> updates;
  for (const Json& record : read_metrics(path_)) updates.push_back(record["update"]);
  EXPECT_EQ(updates, (std::vector<int>{10, 20, 25}));
}

TEST_F(MetricsTest, WhatIsNoRecordIsRefusedWithItsLine) {
  const auto refusal = [&] {
    try {
      read_metrics(path_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(refusal().find("no such file"), std::string::npos);
  append("{\"schema\":1,\"kind\":\"start\",\"update\":0}\n");
  EXPECT_EQ(refusal(), "");
  append("{\"schema\":99,\"kind\":\"start\",\"update\":0}\n");
  EXPECT_NE(refusal().find(".jsonl:2] schema 99"), std::string::npos);
  std::filesystem::remove(path_);
  append("\n{\"schema\":1,\"kind\":\"start\",\"update\":0}\n");
  EXPECT_NE(refusal().find(".jsonl:1] not a metrics record"), std::string::npos);
}

TEST(MetricsWriter, AFullDiskIsTold) {
  MetricsWriter writer("/dev/full", std::nullopt);
  EXPECT_THROW(writer.write({{"kind", "start"}, {"update", 0}}), Error);
}

}  // namespace
}  // namespace lowbit
