#include "data/prepare/prepare.h"

#include <map>

#include "apps/lib/log/log.h"
#include "apps/lib/program/output.h"
#include "apps/verbs/verbs.h"
#include "core/error.h"

namespace lowbit {
namespace {

struct PrepareOptions {
  std::string source;               ///< ddtp, tsv or lines
  std::vector<std::string> inputs;  ///< what the source needs
  std::string out;
  std::vector<std::string> languages;
  std::string kinds;
  JsonFields fields;
  std::string lists_of_ids;
  bool skip_empty = false;
  int64_t source_column = -2, target_column = -1, document_column = 0;
  SplitOptions split;
};

void declare(OptionRegistry& r, PrepareOptions& o) {
  r.add("prepare.source", o.source,
        "ddtp: translated package descriptions; synopses: long descriptions and their summaries, with running text for "
        "pretraining; tsv: tab-separated pairs; lines: two aligned files; summaries as they are on disk: jsonl, story "
        "(CNN/DailyMail), xsum, splits (train.source, train.target, val.source, ...)")
      .choices({"ddtp", "synopses", "tsv", "lines", "jsonl", "story", "xsum", "splits"})
      .positional("SOURCE")
      .required();
  r.add("prepare.input", o.inputs,
        "ddtp, synopses: the lists of scripts/fetch_ddtp.sh; tsv: a file; lines: source and target file; "
        "jsonl: one file, or train, dev and test; story, xsum, splits: folders")
      .positional("INPUT");
  r.add("prepare.out", o.out, "folder for train.tsv, dev.tsv, test.tsv and stats.json").required();
  r.add("prepare.language", o.languages,
        "ddtp: language of the translations (it, de, fr, ...), or several, which adds a column; synopses: of the "
        "descriptions, en unless given")
      .alias("lang");
  r.add("prepare.kinds", o.kinds, "ddtp: segments to keep: all, syn, item, par or sent");
  r.add("prepare.source_column", o.source_column, "tsv: from 1, or from the end when negative");
  r.add("prepare.target_column", o.target_column, "tsv: from 1, or from the end when negative");
  r.add("prepare.document_column", o.document_column,
        "tsv: rows of one document never reach two splits; 0: each row is one");
  r.add("prepare.source_field", o.fields.source,
        "jsonl: dots descend; default: document, article or text, whichever there is");
  r.add("prepare.target_field", o.fields.target, "jsonl: default: summary or highlights");
  r.add("prepare.lists", o.lists_of_ids, "xsum: JSON file with the lists of ids train, validation and test");
  r.add("prepare.skip_empty", o.skip_empty, "summaries: leave rows out that have an empty side, instead of an error");
  r.add("prepare.test_rows", o.split.test_rows, "rows of the test set, at most").range(0, 1 << 30);
  r.add("prepare.dev_rows", o.split.dev_rows, "rows of the dev set, at most").range(0, 1 << 30);
  r.add("prepare.test_share", o.split.test_share, "share of the documents that may become test rows").range(0, 0.9);
  r.add("prepare.dev_share", o.split.dev_share, "share of the documents that may become dev rows").range(0, 0.9);
}

void expect_inputs(const PrepareOptions& o, size_t count, const char* what) {
  LB_REQUIRE(o.inputs.size() == count, ErrorKind::usage, "prepare", "{} needs {}, got {} inputs", o.source, what,
             o.inputs.size());
}

std::vector<SegmentKind> segment_kinds(const std::string& name) {
  if (name.empty() || name == "all") return {};
  for (const SegmentKind kind :
       {SegmentKind::synopsis, SegmentKind::item, SegmentKind::paragraph, SegmentKind::sentence})
    if (to_string(kind) == name) return {kind};
  fail(ErrorKind::usage, "prepare", "prepare.kinds is one of all, syn, item, par, sent, not '{}'", name);
}

const std::map<std::string, SummaryLayout> kSummaryLayouts = {{"jsonl", SummaryLayout::jsonl},
                                                              {"story", SummaryLayout::story},
                                                              {"xsum", SummaryLayout::xsum},
                                                              {"splits", SummaryLayout::lines}};

SplitCorpus prepare_summary_corpus(const PrepareOptions& o, SummaryLayout layout) {
  LB_REQUIRE(!o.inputs.empty(), ErrorKind::usage, "prepare", "{} needs the files or folders of the corpus", o.source);
  if (layout == SummaryLayout::lines || !o.lists_of_ids.empty()) expect_inputs(o, 1, "one folder");
  LB_REQUIRE(layout != SummaryLayout::jsonl || o.inputs.size() == 1 || o.inputs.size() == 3, ErrorKind::usage,
             "prepare", "jsonl needs one file, or those of train, dev and test, got {}", o.inputs.size());
  LB_REQUIRE(o.fields.source.empty() == o.fields.target.empty(), ErrorKind::usage, "prepare",
             "give both prepare.source_field and prepare.target_field, or neither");
  return prepare_summaries({.layout = layout,
                            .inputs = {o.inputs.begin(), o.inputs.end()},
                            .fields = o.fields,
                            .lists_of_ids = o.lists_of_ids,
                            .skip_empty = o.skip_empty,
                            .out = o.out,
                            .split = o.split});
}

SplitCorpus prepare(const PrepareOptions& o) {
  if (o.source == "ddtp") {
    expect_inputs(o, 1, "the folder of package lists");
    LB_REQUIRE(!o.languages.empty(), ErrorKind::usage, "prepare", "ddtp needs --language, for example --language it");
    return prepare_ddtp({.lists = o.inputs[0],
                         .languages = o.languages,
                         .kinds = segment_kinds(o.kinds),
                         .out = o.out,
                         .split = o.split});
  }
  if (o.source == "synopses") {
    expect_inputs(o, 1, "the folder of package lists");
    return prepare_synopses({.lists = o.inputs[0],
                             .language = o.languages.empty() ? "en" : o.languages.front(),
                             .out = o.out,
                             .split = o.split});
  }
  if (o.source == "tsv") {
    expect_inputs(o, 1, "one file");
    return prepare_tsv({.file = o.inputs[0],
                        .source_column = static_cast<int>(o.source_column),
                        .target_column = static_cast<int>(o.target_column),
                        .document_column = static_cast<int>(o.document_column),
                        .out = o.out,
                        .split = o.split});
  }
  if (const auto layout = kSummaryLayouts.find(o.source); layout != kSummaryLayouts.end())
    return prepare_summary_corpus(o, layout->second);
  expect_inputs(o, 2, "a source and a target file");
  return prepare_lines({.source = o.inputs[0], .target = o.inputs[1], .out = o.out, .split = o.split});
}

int run(const PrepareOptions& options, const OptionRegistry&) {
  expect_new_folder("prepare", options.out);
  const SplitCorpus corpus = prepare(options);
  std::string left_out;
  for (const auto& [reason, rows] : corpus.rejected)
    if (rows > 0) left_out += fmt::format("{}{} {}", left_out.empty() ? "; left out: " : ", ", rows, reason);
  write_output(fmt::format("{}: {} train, {} dev, {} test rows{}\n", options.out, corpus.train.size(),
                           corpus.dev.size(), corpus.test.size(), left_out));
  for (const auto& [part, rows] : {std::pair("dev", &corpus.dev), std::pair("test", &corpus.test)})
    if (rows->empty())
      log_warning("{}: no {} rows: of so few documents none fell into that part; --{}-share takes more", options.out,
                  part, part);
  return 0;
}

}  // namespace

Verb prepare_verb() {
  return make_verb<PrepareOptions>("prepare", "clean, deduplicate and split a parallel corpus without leakage", declare,
                                   run);
}

}  // namespace lowbit
