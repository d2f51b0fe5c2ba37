#include "apps/lib/options/config_file.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/error.h"
#include "core/text.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

fs::path executable_folder() {
  std::error_code unknown;
  return fs::read_symlink("/proc/self/exe", unknown).parent_path();
}

class ConfigReader {
 public:
  ConfigReader(OptionRegistry& registry, std::string path, Origin origin)
      : registry_(registry), path_(std::move(path)), origin_(origin) {}

  void read() {
    YAML::Node root;
    try {
      root = YAML::LoadFile(path_);
    } catch (const YAML::BadFile&) {
      fail(ErrorKind::usage, path_, "no such configuration file, or not readable");
    } catch (const YAML::Exception& error) {
      fail(ErrorKind::usage, at(error.mark), "not YAML: {}", error.msg);
    }
    if (root.IsNull()) return;
    LB_REQUIRE(root.IsMap(), ErrorKind::usage, at(root), "a configuration is a map of sections");
    if (const YAML::Node base = root["extends"]) read_recipe(base);
    read_map(root, "");
  }

 private:
  std::string at(const YAML::Mark& mark) const { return fmt::format("{}:{}", path_, mark.line + 1); }
  std::string at(const YAML::Node& node) const { return at(node.Mark()); }

  void read_recipe(const YAML::Node& base) {
    LB_REQUIRE(origin_ == Origin::file, ErrorKind::usage, at(base), "a recipe cannot itself extend another");
    LB_REQUIRE(base.IsScalar(), ErrorKind::usage, at(base), "extends needs the name or path of one recipe");
    ConfigReader(registry_, find_recipe(base), Origin::recipe).read();
  }

  std::string find_recipe(const YAML::Node& base) const {
    const fs::path folder = fs::path(path_).parent_path();
    const fs::path installed = executable_folder() / "../share/lowbit";
    for (const fs::path& place : {folder, folder / "recipes", fs::path("recipes"), installed / "recipes"}) {
      for (const char* extension : {"", ".yaml"}) {
        const fs::path candidate = place / (base.Scalar() + extension);
        if (fs::is_regular_file(candidate)) return candidate.lexically_normal().string();
      }
    }
    fail(ErrorKind::usage, at(base), "no recipe \"{}\" beside this file, in recipes/ or in {}", base.Scalar(),
         (installed / "recipes").lexically_normal().string());
  }

  // One level of `map`: the sections of the file when `section` is empty, else the options of that section.
  void read_map(const YAML::Node& map, const std::string& section) {
    std::set<std::string> seen;
    for (const auto& entry : map) {
      const YAML::Node &name = entry.first, &value = entry.second;
      LB_REQUIRE(name.IsScalar(), ErrorKind::usage, at(name), "a key must be a word");
      const std::string key = section.empty() ? name.Scalar() : section + "." + name.Scalar();
      LB_REQUIRE(seen.insert(key).second, ErrorKind::usage, at(name), "{} is given twice", key);
      if (!section.empty()) {
        Option* option = registry_.find(key);
        if (option == nullptr) fail_unknown_key(registry_, key, at(name));
        option->assign(items(*option, name, value), origin_, at(name));
      } else if (key != "extends") {
        if (!is_section(key)) fail_unknown_key(registry_, key, at(name));
        LB_REQUIRE(value.IsMap() || value.IsNull(), ErrorKind::usage, at(name),
                   "{} is a section and needs keys below it", key);
        if (value.IsMap()) read_map(value, key);
      }
    }
  }

  bool is_section(const std::string& name) const {
    return std::ranges::any_of(registry_.options(), [&](const Option& option) { return option.section() == name; });
  }

  std::vector<std::string> items(const Option& option, const YAML::Node& key, const YAML::Node& value) const {
    if (value.IsScalar()) return option.is_list() ? split_list(value.Scalar()) : std::vector{value.Scalar()};
    std::vector<std::string> result;
    if (value.IsMap() && option.is_pairs()) {
      for (const auto& entry : value) {
        LB_REQUIRE(entry.first.IsScalar() && entry.second.IsScalar(), ErrorKind::usage, at(entry.first),
                   "{} must be a map of plain names and values", option.key());
        result.push_back(entry.first.Scalar() + "=" + entry.second.Scalar());
      }
      return result;
    }
    LB_REQUIRE(value.IsSequence() && option.is_list(), ErrorKind::usage, at(key), "{} must be {}, not {}", option.key(),
               option.type(),
               value.IsNull()  ? "empty"
               : value.IsMap() ? "a map"
                               : "a list");
    for (const YAML::Node& item : value) {
      LB_REQUIRE(item.IsScalar(), ErrorKind::usage, at(item), "{} must be a plain {}", option.key(), option.type());
      result.push_back(item.Scalar());
    }
    return result;
  }

  OptionRegistry& registry_;
  std::string path_;
  Origin origin_;
};

}  // namespace

void apply_config_file(OptionRegistry& registry, const std::string& path) {
  ConfigReader(registry, path, Origin::file).read();
}

void fail_unknown_key(const OptionRegistry& registry, const std::string& key, const std::string& where) {
  std::vector<std::string> known = registry.keys();
  if (key.find('.') == std::string::npos) {  // a section, or an option whose section was forgotten
    for (const Option& option : registry.options()) known.insert(known.end(), {option.section(), option.name()});
  }
  std::string nearest = nearest_name(key, known);
  if (known.empty()) fail(ErrorKind::usage, where, "unknown key {}: there are no options here", key);
  if (nearest.empty()) fail(ErrorKind::usage, where, "unknown key {}", key);
  const auto same_name = std::ranges::find(registry.options(), nearest, &Option::name);
  if (same_name != registry.options().end()) nearest = same_name->key();
  fail(ErrorKind::usage, where, "unknown key {}, the nearest is {}", key, nearest);
}

}  // namespace lowbit
