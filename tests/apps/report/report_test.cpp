#include "apps/lib/report/report.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/lib/log/metrics.h"
#include "apps/verbs/verbs.h"
#include "core/error.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

// The tag that is left open or closed out of turn; empty for well-formed markup.
std::string unbalanced_tag(const std::string& page) {
  std::vector<std::string> open;
  for (size_t at = page.find('<', page.find("<html")); at != std::string::npos; at = page.find('<', at + 1)) {
    const size_t end = page.find('>', at);
    if (end == std::string::npos) return "unfinished tag";
    const std::string tag = page.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(0, tag.find_first_of(" \n/", 1));
    if (tag.ends_with('/')) continue;
    if (!tag.starts_with('/')) {
      open.push_back(name);
    } else if (open.empty() || "/" + open.back() != tag) {
      return tag;
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back();
}

class ReportTest : public ::testing::Test {
 protected:
  ReportTest() : folder_(fs::path(::testing::TempDir()) / ("lowbit_report_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
    std::ofstream(folder_ / "config.yaml") << "{}\n";
  }
  ~ReportTest() override { fs::remove_all(folder_); }

  std::string metrics() const { return (folder_ / "metrics.jsonl").string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  void write_run() const {
    MetricsWriter writer(metrics(), std::nullopt);
    writer.write({{"kind", "start"},
                  {"update", 0},
                  {"epoch", 1},
                  {"time", 1000},
                  {"name", "student"},
                  {"weight_bits", "2-2-8"},
                  {"output_bits", 8},
                  {"parameters", 2850000}});
    for (int update : {100, 200, 300}) {
      const double loss = update == 200 ? std::nan("") : 500.0 / update;
      writer.write({{"kind", "train_inner"},
                    {"update", update},
                    {"epoch", 1},
                    {"time", 1000 + update},
                    {"loss", loss},
                    {"nll_loss", 400.0 / update},
                    {"wps", 9000},
                    {"num_updates", update}});
      writer.write({{"kind", "levels"},
                    {"update", update},
                    {"levels",
                     {{{"path", "encoder.fc1.weight"},
                       {"values", {-1, 0, 1}},
                       {"counts", {25, 50, 25}},
                       {"entropy", 1.5},
                       {"flip", 0.01}}}}});
      writer.write({{"kind", "cost"},
                    {"update", update},
                    {"seconds", {{"forward", 2}, {"backward", 4}}},
                    {"bytes", {{"weights", update}}}});
    }
    writer.write({{"kind", "valid"}, {"update", 300}, {"epoch", 1}, {"nll_loss", 2.5}, {"bleu", 12.25}});
  }

  fs::path folder_;
};

TEST_F(ReportTest, ReadsARun) {
  write_run();
  const RunData run = read_run(metrics(), "folder");
  EXPECT_EQ(run.name, "student");
  EXPECT_EQ(run.output_bits, "8");
  EXPECT_EQ(run.updates, 300);
  ASSERT_EQ(run.train.at("loss").size(), 3u);
  EXPECT_EQ(run.train.at("loss")[0].y, 5);
  EXPECT_TRUE(std::isnan(run.train.at("loss")[1].y));
  EXPECT_EQ(run.nonfinite, std::vector<std::string>{"loss at update 200"});
  EXPECT_EQ(run.valid.at("bleu")[0].y, 12.25);
  EXPECT_FALSE(run.train.contains("num_updates"));
  ASSERT_EQ(run.flips.at("encoder.fc1.weight").size(), 2u) << "the first record has no span";
  EXPECT_DOUBLE_EQ(run.flips.at("encoder.fc1.weight")[0].y, 1) << "0.01 of the weights in 100 updates is 1 %";
  EXPECT_EQ(run.seconds, (std::vector<std::pair<std::string, double>>{{"forward", 6}, {"backward", 12}}));
  EXPECT_EQ(run.bytes, (std::vector<std::pair<std::string, double>>{{"weights", 300}}));
}

TEST_F(ReportTest, SummariesAreRankedByRouge) {
  write_run();
  write("results.json", R"({"schema":1,"title":"t","systems":[
      {"name":"lead","rouge1":32.0,"rouge_signature":"tok:rouge","baseline":true},
      {"name":"teacher","bits":"32-32-32","size_bytes":1000000,"rouge1":40.0},
      {"name":"student","bits":"2-2-8","size_bytes":100000,"rouge1":38.0}]})");
  ASSERT_EQ(run_program(all_verbs(), std::vector<std::string>{"lowbit", "report", folder_.string()}), 0);
  std::ifstream file(folder_ / "report.html");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  for (const char* expected : {"<th>ROUGE-1</th>", ">95.0 %<", "ROUGE-1 tok:rouge", "lead: 32.0"})
    EXPECT_NE(page.find(expected), std::string::npos) << expected;
}

TEST_F(ReportTest, PageIsOneWellFormedFileWithEverySection) {
  write_run();
  write("results.json", R"({"schema":1,"title":"en > it","systems":[
      {"name":"copy","bits":null,"size_bytes":null,"bleu":3.4,"baseline":true},
      {"name":"teacher","bits":"32-32-32","output_bits":32,"size_bytes":11423232,"bleu":28.0,"signature":"tok:13a"},
      {"name":"student","bits":"2-2-8","output_bits":8,"size_bytes":1500000,"bleu":25.2,"length_ratio":0.99}],
      "samples":[{"source":"<script>alert(1)</script>","reference":"b","outputs":{"student":"c & d"}}]})");
  const std::vector<std::string> command = {"lowbit", "report", folder_.string()};
  ASSERT_EQ(run_program(all_verbs(), command), 0);
  std::ifstream file(folder_ / "report.html");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(unbalanced_tag(page), "");
  EXPECT_EQ(page.find("<script"), std::string::npos) << "text from the corpus must stay text";
  for (const char* outside : {"src=", "href=", "@import", "url("})
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  for (const char* expected :
       {"<title>en &gt; it</title>", "&lt;script&gt;", "c &amp; d", ">90.0 %<", ">11.4 MB<", "Score against size",
        ">Negative log-likelihood<", "train: 4 at update 100", "dev: 2.5 at update 300", "BLEU on the dev set",
        ">Training objective: compare within this run only<", "300 B of memory at the peak", "name=\"viewport\"",
        "1.50 of 1.58 bit", "level 0: 50.0 %", "Weights that change level", "backward: 12.0 s, 66.7 %",
        "Values that were not finite: 1. The first: loss at update 200."}) {
    EXPECT_NE(page.find(expected), std::string::npos) << expected;
  }
  EXPECT_EQ(page.find("Not recorded"), std::string::npos);
  EXPECT_EQ(page.find("Memory at the peak"), std::string::npos) << "one amount is a number, not a chart";
}

TEST_F(ReportTest, OneLookAtTheLevelsIsASentence) {
  RunData run{.name = "short", .flips = {{"a", {{600, 2}}}, {"b", {{600, 5}}}, {"c", {{600, 3}}}}};
  const std::string page = report_page({run}, {});
  EXPECT_NE(page.find("100 updates: 3 % (median of the weights; 2 to 5 %), seen once, at update 600."),
            std::string::npos);
  EXPECT_EQ(page.find("<svg"), std::string::npos);
}

TEST_F(ReportTest, FlipsDoNotReachAcrossAResume) {
  MetricsWriter writer(metrics(), std::nullopt);
  const auto look = [&](int update, double flip) {
    writer.write(
        {{"kind", "levels"},
         {"update", update},
         {"levels", {{{"path", "p"}, {"values", {-1, 1}}, {"counts", {1, 1}}, {"entropy", 1}, {"flip", flip}}}}});
  };
  look(100, 0), look(200, 0.5);
  writer.write({{"kind", "start"}, {"update", 200}, {"resumed_from", 200}});
  look(300, 0), look(400, 0.25);
  const std::vector<Point> flips = read_run(metrics(), "x").flips.at("p");
  ASSERT_EQ(flips.size(), 2u) << "the first look after a resume compares with nothing";
  EXPECT_EQ(flips[0].y, 50);
  EXPECT_EQ(flips[1].y, 25);
}

TEST_F(ReportTest, PictureIsTheSizeChartAsAFile) {
  write_run();
  const std::string results = write("results.json", R"({"schema":1,"title":"t","systems":[
      {"name":"copy","bleu":3.4,"baseline":true},{"name":"student","size_bytes":1500000,"bleu":25.2,"chrf":50.5}]})");
  const std::string picture = (folder_ / "picture.svg").string();
  ASSERT_EQ(run_program(all_verbs(), {{"lowbit", "report", folder_.string(), "--picture", picture}}), 0);
  std::ifstream file(picture);
  const std::string svg{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"")) << svg.substr(0, 100);
  for (const char* expected :
       {"<rect width=\"100%\" height=\"100%\"", ">student: 25.2<", ">copy: 3.4<", "font-family="})
    EXPECT_NE(svg.find(expected), std::string::npos) << expected;
  fs::remove(results);
  EXPECT_EQ(run_program(all_verbs(), {{"lowbit", "report", folder_.string(), "--picture", picture}}),
            static_cast<int>(ErrorKind::usage));
  EXPECT_THROW(score_size_picture({}), Error);
}

TEST(ReportPage, NamesWhatWasNotRecorded) {
  const std::string page = report_page({RunData{.name = "bare"}}, {});
  EXPECT_EQ(unbalanced_tag(page), "");
  EXPECT_NE(page.find("Not recorded: Results; Sentences; Training."), std::string::npos);
}

TEST_F(ReportTest, BrokenFilesAreDataErrorsThatNameThePlace) {
  const auto refusal = [](auto read) {
    try {
      read();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  write("metrics.jsonl",
        "{\"schema\":1,\"kind\":\"start\",\"update\":0}\n{\"schema\":1,\"kind\":\"levels\",\"update\":1}\n");
  EXPECT_NE(refusal([&] { read_run(metrics(), "x"); }).find("metrics.jsonl:2] breaks the schema"), std::string::npos);
  write("metrics.jsonl",
        "{\"schema\":1,\"kind\":\"levels\",\"update\":1,\"levels\":[{\"path\":\"p\",\"values\":[1],\"counts\":[1,2]}]}"
        "\n");
  EXPECT_NE(refusal([&] { read_run(metrics(), "x"); }).find("1 levels but 2 counts"), std::string::npos);
  const std::string results = write("results.json", "{\"schema\":1,\"title\":\"t\",\"systems\":[{}]}");
  EXPECT_NE(refusal([&] { read_results(results); }).find("results.json] breaks the schema"), std::string::npos);
  write("results.json", "{");
  EXPECT_NE(refusal([&] { read_results(results); }).find("breaks the schema"), std::string::npos);
  write("results.json", "{\"schema\":7,\"title\":\"t\",\"systems\":[]}");
  EXPECT_NE(refusal([&] { read_results(results); }).find("schema 7 is not 1"), std::string::npos);
}

}  // namespace
}  // namespace lowbit
