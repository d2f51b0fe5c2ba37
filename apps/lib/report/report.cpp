#include "apps/lib/report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/lib/report/charts.h"
#include "apps/lib/report/level_rows.h"
#include "core/error.h"

namespace lowbit {
namespace {

constexpr std::string_view kStyle = R"(
body { font-family: system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif; color: #222; background: #fff; margin: 2em auto; max-width: 1160px; padding: 0 1em; line-height: 1.4; }
h1 { font-size: 1.6em; margin-bottom: 0.2em; } h2 { font-size: 1.2em; margin: 1.8em 0 0.6em; border-bottom: 1px solid #ccc; padding-bottom: 0.2em; }
p.note, td.source { color: #555; } p.warning { background: #fdeee4; border-left: 4px solid #d55e00; padding: 0.5em 0.8em; }
table { border-collapse: collapse; font-size: 0.92em; } th, td { padding: 0.3em 0.9em; text-align: right; border-bottom: 1px solid #e3e3e3; }
th { color: #555; font-weight: 600; } th:first-child, td:first-child, table.samples td, table.samples th { text-align: left; }
table.samples { margin-bottom: 1em; } table.samples td:first-child { white-space: nowrap; color: #555; }
tr.baseline { color: #777; } .column svg { display: block; } .charts { display: flex; flex-wrap: wrap; gap: 12px 20px; } svg { max-width: 100%; height: auto; }
p { overflow-wrap: anywhere; } .wide { overflow-x: auto; } .wide svg { min-width: 840px; } .wide table { white-space: nowrap; }
@media (max-width: 700px) { body { margin: 1em auto; padding: 0 0.7em; } th, td { padding: 0.3em 0.5em; } table.samples td:first-child { white-space: normal; } }
)";

std::string number(double value, const char* format, const char* none = "") {
  return std::isnan(value) ? none : fmt::format(fmt::runtime(format), value);
}

std::string results_table(const Results& results) {
  double best_float = 0;  // the score that the low-bit systems are a share of: the first with 32 bits
  for (const SystemResult& system : results.systems) {
    if (best_float == 0 && system.bits.starts_with("32")) best_float = system.score;
  }
  std::string rows;
  for (const SystemResult& system : results.systems) {
    rows += fmt::format(
        "<tr{}><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</"
        "td><td>{}</td></tr>\n",
        system.baseline ? " class=\"baseline\"" : "", escape_xml(system.name), escape_xml(system.bits),
        number(system.output_bits, "{:.0f}"), std::isnan(system.size_bytes) ? "" : byte_text(system.size_bytes),
        number(system.score, "{:.1f}"),
        best_float > 0 && !system.baseline ? number(100 * system.score / best_float, "{:.1f} %") : "",
        number(system.chrf, "{:.1f}"), number(system.length_ratio, "{:.3f}"), number(system.sentences_per_s, "{:.1f}"),
        number(system.tokens_per_s, "{:.0f}"));
  }
  std::string text =
      "<div class=\"wide\">\n<table>\n<tr><th>system</th><th>bits W-E-A</th><th>O</th><th>size on "
      "disk</th><th>" +
      results.score_name +
      "</th><th>of float</th><th>chrF2</th><th>length ratio</th><th>sentences/s</th><th>tokens/s</th></tr>\n" + rows +
      "</table>\n</div>\n";
  const auto add_signature = [&](const char* metric, std::string SystemResult::*signature) {
    const auto row =
        std::ranges::find_if(results.systems, [&](const SystemResult& system) { return !(system.*signature).empty(); });
    if (row != results.systems.end())
      text += fmt::format("<p class=\"note\">{} {}</p>\n", metric, escape_xml((*row).*signature));
  };
  add_signature(results.score_name.c_str(), &SystemResult::signature);
  add_signature("chrF2", &SystemResult::chrf_signature);
  return text;
}

std::string size_chart(const Results& results) {
  ScatterChart chart{.title = "Score against size",
                     .x_label = "MB on disk",
                     .y_label = results.score_name,
                     .points = {},
                     .levels = {}};
  for (const SystemResult& system : results.systems) {
    if (std::isnan(system.score)) continue;
    const std::string label = fmt::format("{}: {:.1f}", system.name, system.score);
    if (std::isnan(system.size_bytes)) {
      chart.levels.emplace_back(label, system.score);
    } else {
      chart.points.push_back({label, system.size_bytes / 1e6, system.score, chart.points.size()});
    }
  }
  return draw_scatter(chart);
}

std::string speed_chart(const Results& results) {
  ScatterChart chart{.title = "Score against speed",
                     .x_label = "sentences a second",
                     .y_label = results.score_name,
                     .points = {},
                     .levels = {},
                     .prefers_large_x = true};
  for (const SystemResult& system : results.systems) {
    if (!std::isnan(system.score) && system.sentences_per_s > 0 && !system.baseline)
      chart.points.push_back({system.name, system.sentences_per_s, system.score, chart.points.size()});
  }
  return draw_scatter(chart);
}

std::string sample_tables(const Results& results) {
  std::string text;
  for (const SampleResult& sample : results.samples) {
    const auto row = [&](std::string_view name, const std::string& sentence) {
      text += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", escape_xml(name), escape_xml(sentence));
    };
    text += "<table class=\"samples\">\n";
    row("source", sample.source);
    row("reference", sample.reference);
    for (const auto& [system, sentence] : sample.outputs) row(system, sentence);
    text += "</table>\n";
  }
  return text;
}

// The metric of every run that has it: validation strong; training, where it is wanted too, thin in the same colour.
std::string metric_chart(const std::vector<RunData>& runs, const std::string& metric, const std::string& title,
                         const std::string& y_label, bool with_training) {
  CurveChart chart{
      .title = title, .x_label = "update", .y_label = y_label, .series = {}, .y_from_zero = !with_training};
  for (size_t i = 0; i < runs.size(); ++i) {
    const std::string prefix = runs.size() > 1 ? runs[i].name + " " : "";
    const auto train = runs[i].train.find(metric), valid = runs[i].valid.find(metric);
    if (with_training && train != runs[i].train.end())
      chart.series.push_back({.name = prefix + "train", .points = train->second, .colour = i, .thin = true});
    if (valid != runs[i].valid.end())
      chart.series.push_back({.name = prefix + "dev", .points = valid->second, .colour = i});
  }
  return draw_curves(chart);
}

std::string training_chart(const std::vector<RunData>& runs, const std::string& metric, const std::string& title,
                           const std::string& y_label) {
  CurveChart chart{.title = title, .x_label = "update", .y_label = y_label, .series = {}, .y_from_zero = true};
  for (size_t i = 0; i < runs.size(); ++i) {
    if (const auto it = runs[i].train.find(metric); it != runs[i].train.end())
      chart.series.push_back({.name = runs[i].name, .points = it->second, .colour = i, .thin = true});
  }
  return draw_curves(chart);
}

std::string level_chart(const RunData& run) {
  ShareChart chart{.title = "Levels of the quantized weights",
                   .gauge_title = "entropy of the levels, of the possible bits",
                   .rows = {}};
  for (const LevelUse& use : run.levels) chart.rows.push_back(level_row(use));
  return chart.rows.empty() ? "" : fmt::format("<div class=\"wide\">\n{}</div>\n", draw_shares(chart));
}

// Median over the weights, and the range between the calmest and the busiest.
CurveSeries flip_series(const RunData& run) {
  std::map<double, std::vector<double>> by_update;
  for (const auto& [path, points] : run.flips) {
    for (const Point& point : points) {
      if (!std::isnan(point.y)) by_update[point.x].push_back(point.y);
    }
  }
  CurveSeries median{.name = "median of the weights; shaded: least to greatest", .points = {}};
  for (auto& [update, flips] : by_update) {
    std::ranges::sort(flips);
    median.points.push_back({update, flips[flips.size() / 2]});
    median.band_low.push_back({update, flips.front()});
    median.band_high.push_back({update, flips.back()});
  }
  return median;
}

std::string flip_chart(const CurveSeries& flips) {
  if (flips.points.size() < 2) return {};
  return draw_curves({.title = "Weights that change level",
                      .x_label = "update",
                      .y_label = "% in 100 updates",
                      .series = {flips},
                      .y_from_zero = true});
}

std::string duration_text(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  if (seconds < 3600) return fmt::format("{:.1f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

std::string amounts_chart(const std::string& title, const std::vector<std::pair<std::string, double>>& parts,
                          std::string (*text)(double)) {
  std::vector<Amount> amounts;
  double sum = 0;
  for (const auto& [name, value] : parts) {
    amounts.push_back({name, text(value), value});
    sum += value;
  }
  return draw_amounts(title, amounts, text(sum) + " in all");
}

std::string run_facts(const RunData& run) {
  std::vector<std::string> facts;
  if (!run.weight_bits.empty())
    facts.push_back(
        fmt::format("bits W-E-A {}{}", run.weight_bits, run.output_bits.empty() ? "" : ", O " + run.output_bits));
  if (!run.recipe.empty()) facts.push_back("recipe " + run.recipe);
  if (!std::isnan(run.parameters))
    facts.push_back(fmt::format("{} parameters", short_number(std::stod(fmt::format("{:.3g}", run.parameters)))));
  facts.push_back(fmt::format("{} updates in {} epochs", run.updates, run.epochs));
  if (run.hours > 0) facts.push_back(duration_text(run.hours * 3600));
  if (run.bytes.size() == 1) facts.push_back(byte_text(run.bytes[0].second) + " of memory at the peak");
  return escape_xml(fmt::format("{}", fmt::join(facts, " · ")));
}

std::string nonfinite_note(const RunData& run) {
  if (run.nonfinite.empty()) return {};
  constexpr size_t kShown = 5;
  const std::vector<std::string> first(
      run.nonfinite.begin(),
      run.nonfinite.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, run.nonfinite.size())));
  return fmt::format("<p class=\"warning\">Values that were not finite: {}. The first: {}.</p>\n", run.nonfinite.size(),
                     escape_xml(fmt::format("{}", fmt::join(first, "; "))));
}

// What a chart of one point would show.
std::string flip_note(const CurveSeries& flips) {
  if (flips.points.size() != 1) return {};
  return fmt::format(
      "<p>Weights that change level in 100 updates: {:.2g} % (median of the weights; {:.2g} to {:.2g} %), seen once, "
      "at update {:.0f}.</p>\n",
      flips.points[0].y, flips.band_low[0].y, flips.band_high[0].y, flips.points[0].x);
}

// What the run minimised, of its own kind and scale: smoothed, or a distance to a teacher.
std::string objective_chart(const RunData& run) {
  const auto it = run.train.find("loss");
  if (it == run.train.end()) return {};
  return draw_curves({.title = "Training objective: compare within this run only",
                      .x_label = "update",
                      .y_label = "objective a token",
                      .series = {{.name = "smoothed or distilled loss, all terms", .points = it->second}}});
}

// Collects sections; remembers the titles of those that had nothing to show.
class Page {
 public:
  void section(const std::string& title, const std::string& body) {
    if (body.empty())
      missing_.push_back(title);
    else
      text_ += fmt::format("<h2>{}</h2>\n{}", escape_xml(title), body);
  }
  static std::string charts(std::initializer_list<std::string> pictures) {
    const std::string all = fmt::format("{}", fmt::join(pictures, ""));
    return all.empty() ? all : fmt::format("<div class=\"charts\">\n{}</div>\n", all);
  }
  static std::string column(std::initializer_list<std::string> pictures) {
    const std::string all = fmt::format("{}", fmt::join(pictures, ""));
    return all.empty() ? all : fmt::format("<div class=\"column\">\n{}</div>\n", all);
  }
  std::string finish() const {
    return missing_.empty() ? text_
                            : text_ + fmt::format("<p class=\"note\">Not recorded: {}.</p>\n",
                                                  escape_xml(fmt::format("{}", fmt::join(missing_, "; "))));
  }

 private:
  std::string text_;
  std::vector<std::string> missing_;
};

}  // namespace

std::string score_size_picture(const Results& results) {
  const std::string picture = size_chart(results);
  LB_REQUIRE(!picture.empty(), ErrorKind::data, "report", "no system with a score and a size to draw");
  return svg_file(picture);
}

std::string report_page(const std::vector<RunData>& runs, const Results& results) {
  const std::string title = !results.title.empty() ? results.title : runs.empty() ? "lowbit" : runs.front().name;
  Page page;
  page.section("Results", results.systems.empty()
                              ? ""
                              : results_table(results) + Page::charts({size_chart(results), speed_chart(results)}));
  page.section("Sentences", sample_tables(results));
  page.section("Training",
               Page::charts({metric_chart(runs, "nll_loss", "Negative log-likelihood", "bits a token", true),
                             metric_chart(runs, "bleu", "BLEU on the dev set", "BLEU", false),
                             training_chart(runs, "wps", "Speed of training", "words a second"),
                             training_chart(runs, "gnorm", "Gradient norm", "norm before clipping")}));
  for (const RunData& run : runs) {
    const CurveSeries flips = flip_series(run);
    const std::string pictures =
        level_chart(run) + flip_note(flips) +
        Page::charts({objective_chart(run), flip_chart(flips),
                      Page::column({amounts_chart("Time", run.seconds, duration_text),
                                    amounts_chart("Memory at the peak", run.bytes, byte_text)})});
    page.section("Run " + run.name,
                 fmt::format("<p class=\"note\">{}</p>\n{}{}", run_facts(run), nonfinite_note(run), pictures));
  }
  const std::string subtitle =
      results.subtitle.empty() ? "" : fmt::format("<p class=\"note\">{}</p>\n", escape_xml(results.subtitle));
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
      "charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\"/>\n<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n<h1>{0}</h1>\n{2}{3}</body>\n</"
      "html>\n",
      escape_xml(title), kStyle, subtitle, page.finish());
}

}  // namespace lowbit
