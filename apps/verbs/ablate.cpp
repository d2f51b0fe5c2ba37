#include <filesystem>
#include <set>

#include "apps/lib/compare/systems.h"
#include "apps/lib/log/log.h"
#include "apps/lib/model/generation_options.h"
#include "apps/lib/model/model_folder.h"
#include "apps/lib/program/environment.h"
#include "apps/lib/program/output.h"
#include "apps/lib/report/level_rows.h"
#include "apps/lib/run/run_folder.h"
#include "apps/lib/train/resolve.h"
#include "apps/lib/train/text_task.h"
#include "apps/lib/train/train_run.h"
#include "apps/verbs/verbs.h"
#include "core/error.h"
#include "core/files/atomic.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

struct AblateOptions {
  TrainOptions train;
  std::vector<std::string> recipes, beside;
  CompareMetric metric = CompareMetric::bleu;
  GenerationConfig search = kDefaultSearch;
  std::string title;
  int64_t samples = 3;
};

void declare(OptionRegistry& r, AblateOptions& o) {
  declare_train_options(r, o.train);
  r.add("ablate.recipes", o.recipes, "recipes, one student of each, in run.dir/RECIPE").required();
  r.add("ablate.beside", o.beside,
        "models for the table besides the teacher and the students, each NAME=FOLDER or a folder");
  declare_metric(r, "ablate.metric", o.metric);
  r.add("ablate.title", o.title, "of the table");
  r.add("ablate.samples", o.samples, "sentences of each system in ablation.json").range(0, 100);
  declare_generation_options(r, o.search);
}

/// Of a student: its recipe's, without the folder and ".yaml" of a file.
std::string name_of(const std::string& recipe) {
  const fs::path file = recipe;
  return (file.extension() == ".yaml" ? file.stem() : file.filename()).string();
}

/// Students of earlier calls, which stay in the table: models in `packed` whose run stands beside it.
std::vector<std::string> earlier_students(const fs::path& folder, const std::set<std::string>& names) {
  std::set<std::string> earlier;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder / "packed", missing)) {
    const std::string name = entry.path().filename().string();
    if (!names.contains(name) && has_model(entry.path().string()) && fs::exists(folder / name / "config.yaml"))
      earlier.insert(name);
  }
  return {earlier.begin(), earlier.end()};
}

TrainOptions student_options(const AblateOptions& options, const std::string& recipe) {
  TrainOptions student = options.train;
  student.quant.recipe = recipe;
  student.run = (fs::path(options.train.run) / name_of(recipe)).string();
  return student;
}

int run(const AblateOptions& options, const OptionRegistry& registry) {
  LB_REQUIRE(options.train.quant.recipe.empty(), ErrorKind::usage, "ablate",
             "quant.recipe has no effect here: name it among ablate.recipes");
  LB_REQUIRE(options.train.data.task == TrainTask::seq2seq, ErrorKind::usage, "ablate",
             "data.task=denoising has no outputs to score: pretrain with `lowbit train`, then ablate on pairs");
  // All that is read is looked at before the first student is trained.
  for (const std::string& model : options.beside) resolve_model_folder(model.substr(model.find('=') + 1));
  const fs::path data = options.train.data.dir;
  expect_corpus_folder("data.dir", data.string());
  const ParallelText train_text = read_parallel_tsv(data / "train.tsv", columns_of(options.train.data)),
                     test = read_parallel_tsv(data / "test.tsv", columns_of(options.train.data));
  std::set<std::string> names;
  std::vector<TrainOptions> students;
  for (const std::string& recipe : options.recipes) {
    students.push_back(resolve_train_options(student_options(options, recipe), registry));
    LB_REQUIRE(names.insert(name_of(recipe)).second, ErrorKind::usage, "ablate.recipes",
               "{} comes twice: its student has one folder, {}", recipe, students.back().run);
  }
  const fs::path folder = options.train.run;
  std::vector<std::string> models = options.beside;
  if (!options.train.teacher.model.empty()) models.push_back("teacher=" + options.train.teacher.model);
  const auto packed = [&](const std::string& name) { return (folder / "packed" / name).string(); };
  std::vector<std::string> rows;
  for (const TrainOptions& student : students) {
    const std::string name = fs::path(student.run).filename().string();
    log_info("student {}", name);
    if (const int code = train(student, config_text(student), process_arguments()); code != 0) return code;
    set_up_log();             // the next student has a log file of its own
    std::error_code ignored;  // what cannot be made stops the writing, which says so
    fs::create_directories(folder / "packed", ignored);
    const LoadedModel loaded = load_model(student.run);
    freeze_tree(*loaded.model);
    write_model_folder(loaded, *load_tokenizer(loaded), packed(name));
    rows.push_back(name);
  }
  for (const std::string& name : earlier_students(folder, names)) rows.push_back(name);
  std::vector<RunData> runs;
  for (const std::string& name : rows) {
    models.push_back(name + "=" + packed(name));
    runs.push_back(read_run(RunFolder::open((folder / name).string()).metrics(), name));
  }

  const CompareSettings settings{
      .metric = options.metric, .search = options.search, .source_language = options.train.data.languages.source};
  std::vector<System> systems = baselines(train_text, test, settings);
  for (const std::string& model : models) systems.push_back(score_model(model, test, settings, registry));

  const std::string title = options.title.empty() ? data.string() : options.title;
  const auto write = [&](const char* file, const std::string& text) {
    write_file_atomically((folder / file).string(), text);
  };
  write("ablation.json", results_json(title, systems, test, options.samples).dump(2) + "\n");
  write("ablation.md", fmt::format("# {}\n\n{}", title, systems_markdown(systems, settings)));
  if (const std::string picture = levels_picture(runs); !picture.empty()) write("ablation.svg", picture);
  write_output(systems_text(systems, settings));
  return 0;
}

}  // namespace

Verb ablate_verb() {
  return make_verb<AblateOptions>("ablate", "train one student for each recipe and put them into one table", declare,
                                  run);
}

}  // namespace lowbit
