#include "nn/quant/recipe.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "core/error.h"
#include "core/text.h"
#include "nn/quant/slot.h"

namespace lowbit {
namespace fs = std::filesystem;
namespace {

struct BitField {
  std::string_view name;
  int BitWidths::*field;
};
constexpr std::array kBitFields = {
    BitField{"weights", &BitWidths::weights}, BitField{"embeddings", &BitWidths::embeddings},
    BitField{"activations", &BitWidths::activations}, BitField{"output", &BitWidths::output}};

fs::path find_file(const std::string& name, const std::vector<fs::path>& folders, const std::string& where) {
  if (name.ends_with(".yaml")) return name;
  std::vector<std::string> known;
  for (const fs::path& folder : folders) {
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(folder, missing))
      if (entry.path().extension() == ".yaml") known.push_back(entry.path().stem().string());
    if (fs::exists(folder / (name + ".yaml"))) return folder / (name + ".yaml");
  }
  std::string places;
  for (const fs::path& folder : folders) places += (places.empty() ? "" : ", ") + folder.string();
  if (known.empty()) fail(ErrorKind::usage, where, "no recipe {} in {}", name, places);
  fail(ErrorKind::usage, where, "no recipe {} in {}{}", name, places, nearest_hint(name, known));
}

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  LB_REQUIRE(in, ErrorKind::usage, "recipe", "cannot read {}", file.string());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The least value of an activation function.
std::string minimum_of(Unary activation) {
  switch (activation) {
    case Unary::relu:
    case Unary::sigmoid:
    case Unary::square:
      return "0";
    case Unary::gelu:
      return "-0.16997120748";
    case Unary::gelu_tanh:
      return "-0.17004075057";
    case Unary::silu:
      return "-0.27846454276";
    case Unary::tanh:
      return "-1";
  }
  fail(ErrorKind::internal, "recipe", "an activation without a minimum");
}

constexpr std::string_view kIfAny = " (if any)";  // at the end of a pattern

using Variables = std::vector<std::pair<std::string, std::string>>;

Variables variables_of(const BitWidths& bits, Unary activation) {
  Variables variables = {{"activation_minimum", minimum_of(activation)}};
  for (const BitField& field : kBitFields) variables.emplace_back(field.name, std::to_string(bits.*field.field));
  return variables;
}

/// `spec` with $weights ... replaced by their values.
std::string substitute(std::string spec, const Variables& variables, const std::string& where) {
  for (size_t dollar; (dollar = spec.find('$')) != std::string::npos;) {
    const size_t end = std::min(spec.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", dollar + 1), spec.size());
    const std::string name = spec.substr(dollar + 1, end - dollar - 1);
    const auto found = std::ranges::find(variables, name, &Variables::value_type::first);
    if (found == variables.end()) {
      std::vector<std::string> names;
      for (const auto& [known, value] : variables) names.push_back(known);
      fail(ErrorKind::usage, where, "unknown name ${}{}", name, nearest_hint(name, names, "$"));
    }
    spec.replace(dollar, end - dollar, found->second);
  }
  return spec;
}

}  // namespace

std::string BitWidths::str() const { return fmt::format("{}-{}-{} O{}", weights, embeddings, activations, output); }

/// One file of a recipe; a base is read by a reader of its own before the rules of the file.
class RecipeReader {
 public:
  RecipeReader(std::string where, const std::vector<fs::path>& folders) : where_(std::move(where)), folders_(folders) {}

  void read(const std::string& text, Recipe& recipe, int depth = 0) {
    LB_REQUIRE(depth < 8, ErrorKind::usage, where_, "a chain of more than 8 base recipes");
    YAML::Node root;
    try {
      root = YAML::Load(text);
    } catch (const YAML::ParserException& error) {
      fail(ErrorKind::usage, at(error.mark), "{}", error.msg);
    }
    LB_REQUIRE(root.IsMap(), ErrorKind::usage, where_, "a recipe is a map with the keys name, base, bits, rules");
    for (const auto& entry : root) require_key(entry.first, {"name", "base", "bits", "rules"});
    if (const YAML::Node base = root["base"]) {
      std::vector<fs::path> folders = folders_;
      if (const fs::path own = fs::path(where_).parent_path(); !own.empty()) folders.insert(folders.begin(), own);
      const fs::path file = find_file(scalar(base, "base"), folders, at(base.Mark()));
      RecipeReader(file.string(), folders_).read(read_file(file), recipe, depth + 1);
    }
    if (const YAML::Node name = root["name"]) recipe.name_ = scalar(name, "name");
    if (const YAML::Node bits = root["bits"]) read_bits(bits, recipe.bits_);
    if (const YAML::Node rules = root["rules"]) read_rules(rules, recipe.rules_);
  }

 private:
  std::string at(const YAML::Mark& mark) const { return fmt::format("{}:{}", where_, mark.line + 1); }

  std::string scalar(const YAML::Node& node, std::string_view what) const {
    LB_REQUIRE(node.IsScalar(), ErrorKind::usage, at(node.Mark()), "{} must be one word or line", what);
    return node.Scalar();
  }

  void require_key(const YAML::Node& key, const std::vector<std::string>& known) const {
    for (const std::string& name : known)
      if (key.Scalar() == name) return;
    fail(ErrorKind::usage, at(key.Mark()), "unknown key {}{}", key.Scalar(), nearest_hint(key.Scalar(), known));
  }

  void read_bits(const YAML::Node& node, BitWidths& bits) const {
    LB_REQUIRE(node.IsMap(), ErrorKind::usage, at(node.Mark()),
               "bits is a map of weights, embeddings, activations, output");
    std::vector<std::string> known;
    for (const BitField& field : kBitFields) known.emplace_back(field.name);
    for (const auto& entry : node) {
      require_key(entry.first, known);
      for (const BitField& field : kBitFields) {
        if (entry.first.Scalar() != field.name) continue;
        try {
          bits.*field.field = entry.second.as<int>();
        } catch (const YAML::Exception&) {
          fail(ErrorKind::usage, at(entry.second.Mark()), "{} must be a number of bits", field.name);
        }
      }
    }
  }

  void read_rules(const YAML::Node& node, std::vector<RecipeRule>& rules) const {
    constexpr const char* kForm = "a rule is - \"slot pattern\": quantizer key=value";
    LB_REQUIRE(node.IsSequence(), ErrorKind::usage, at(node.Mark()), "rules is a list; {}", kForm);
    for (const YAML::Node& rule : node) {
      LB_REQUIRE(rule.IsMap() && rule.size() == 1, ErrorKind::usage, at(rule.Mark()), "{}", kForm);
      const auto entry = *rule.begin();
      const std::string where = at(entry.first.Mark());
      try {
        std::string pattern = scalar(entry.first, "a pattern");
        const bool optional = pattern.ends_with(kIfAny);
        if (optional) pattern.resize(pattern.size() - kIfAny.size());
        rules.push_back({Glob(pattern), optional, scalar(entry.second, "a quantizer"), where});
      } catch (const Error& error) {
        throw Error(error.kind(), fmt::format("[{}] {}", where, error.what()));
      }
    }
  }

  std::string where_;
  const std::vector<fs::path>& folders_;
};

Recipe Recipe::parse(const std::string& text, const std::string& where, const std::vector<fs::path>& folders,
                     const RecipeOptions& options) {
  Recipe recipe;
  RecipeReader(where, folders).read(text, recipe);
  LB_REQUIRE(!recipe.name_.empty(), ErrorKind::usage, where, "a recipe needs a name");
  if (options.output_bits && *options.output_bits != recipe.bits_.output) {
    const bool used = std::ranges::any_of(
        recipe.rules_, [](const RecipeRule& rule) { return rule.spec.find("$output") != std::string::npos; });
    LB_REQUIRE(used, ErrorKind::usage, where, "output_bits={}, but no rule of {} says bits=$output",
               *options.output_bits, recipe.name_);
    recipe.bits_.output = *options.output_bits;
    recipe.name_ += fmt::format("-o{}", *options.output_bits);
  }
  const Variables variables = variables_of(recipe.bits_, options.activation);
  for (RecipeRule& rule : recipe.rules_) rule.spec = substitute(rule.spec, variables, rule.where);
  return recipe;
}

Recipe Recipe::load(const std::string& name_or_path, const std::vector<fs::path>& folders,
                    const RecipeOptions& options) {
  std::string name = name_or_path;
  RecipeOptions chosen = options;
  const size_t variant = name.rfind("-o");
  if (variant != std::string::npos && variant + 2 < name.size() && name.size() <= variant + 4 &&
      name.find_first_not_of("0123456789", variant + 2) == std::string::npos) {
    if (!chosen.output_bits) chosen.output_bits = std::stoi(name.substr(variant + 2));
    name.resize(variant);
  }
  const fs::path file = find_file(name, folders, "recipe");
  return parse(read_file(file), file.string(), folders, chosen);
}

std::vector<SlotAssignment> apply(const Recipe& recipe, Module& root) {
  std::vector<std::pair<std::string, Slot*>> slots;
  root.each_slot([&](const std::string& path, Slot& slot) { slots.emplace_back(path, &slot); });
  std::vector<std::string> paths;
  for (const auto& [path, slot] : slots) paths.push_back(path);

  std::vector<const RecipeRule*> chosen(slots.size(), nullptr);
  for (const RecipeRule& rule : recipe.rules()) {
    bool matched = false;
    for (size_t i = 0; i < slots.size(); ++i) {
      if (!rule.slots.matches(paths[i])) continue;
      chosen[i] = &rule;
      matched = true;
    }
    LB_REQUIRE(matched || rule.may_match_nothing, ErrorKind::usage, rule.where,
               "no slot of this model matches \"{}\"{}", rule.slots.pattern(),
               nearest_hint(rule.slots.pattern(), paths));
  }

  std::vector<SlotAssignment> report;
  for (size_t i = 0; i < slots.size(); ++i) {
    if (!chosen[i]) continue;
    try {
      slots[i].second->assign(chosen[i]->spec);
    } catch (const Error& error) {
      throw Error(error.kind(), fmt::format("[{}] {}: {}", chosen[i]->where, paths[i], error.what()));
    }
    report.push_back({paths[i], slots[i].second->describe()});
  }
  return report;
}

}  // namespace lowbit
