#include "apps/lib/options/show.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "apps/lib/options/config_file.h"

namespace lowbit {
namespace {

// Text is quoted so that other YAML readers take it as text too: no, 1e-4 and 007 are words here and not there.
void emit(YAML::Emitter& out, const Option& option) {
  const auto emit_item = [&](const std::string& item) {
    if (option.is_text()) out << YAML::DoubleQuoted;
    out << item;
  };
  const std::vector<std::string> items = option.items();
  if (!option.is_list()) return emit_item(items.front());
  out << YAML::Flow << YAML::BeginSeq;
  for (const std::string& item : items) emit_item(item);
  out << YAML::EndSeq;
}

// Sections in order of first declaration.
std::vector<std::pair<std::string, std::vector<const Option*>>> by_section(const OptionRegistry& registry) {
  std::vector<std::pair<std::string, std::vector<const Option*>>> sections;
  for (const Option& option : registry.options()) {
    const std::string name = option.section();
    auto it = std::ranges::find(sections, name, &decltype(sections)::value_type::first);
    if (it == sections.end()) it = sections.insert(it, {name, {}});
    it->second.push_back(&option);
  }
  return sections;
}

std::string describe(const Setting& setting) {
  switch (setting.origin) {
    case Origin::preset:
      return "default";
    case Origin::recipe:
      return "recipe " + setting.where;
    case Origin::file:
      return "file " + setting.where;
    case Origin::environment:
      return "environment " + setting.where;
    case Origin::key_value:
      return "override " + setting.where;
    case Origin::flag:
      return "flag " + setting.where;
  }
  return {};
}

/// "required", "default 5", "default empty".
std::string default_text(const Option& option) {
  if (option.is_required()) return "required";
  return "default " + (option.preset().empty() ? "empty" : option.preset());
}

}  // namespace

std::string dump_config(const OptionRegistry& registry) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  for (const auto& [section, options] : by_section(registry)) {
    out << YAML::Key << section << YAML::Value << YAML::BeginMap;
    for (const Option* option : options) {
      out << YAML::Key << option->name() << YAML::Value;
      emit(out, *option);
    }
    out << YAML::EndMap;
  }
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

std::string explain_option(OptionRegistry& registry, const std::string& key) {
  const Option* option = registry.find(key);
  for (const Option& other : registry.options()) {
    if (option == nullptr && std::ranges::count(registry.flags(other), "--" + key) > 0) option = &other;
  }
  if (option == nullptr) fail_unknown_key(registry, key, "--explain");
  const auto& settings = option->settings();
  std::string text = fmt::format("{} = {}\n", option->key(), option->text());
  text += fmt::format("  from     {}\n", settings.empty() ? "default" : describe(settings.back()));
  for (auto it = settings.rbegin(); it != settings.rend(); ++it) {
    if (it != settings.rbegin()) text += fmt::format("  over     {}: {}\n", describe(*it), it->text);
  }
  text +=
      fmt::format("  default  {}\n  type     {}\n  meaning  {}\n", option->preset(), option->type(), option->help());
  text += fmt::format("  flags    {}\n  variable {}\n", fmt::join(registry.flags(*option), " "),
                      option->environment_name());
  return text;
}

std::string usage_line(const OptionRegistry& registry) {
  std::string text;
  for (const Option& option : registry.options()) {
    if (option.placeholder().empty()) continue;
    const std::string shown = option.placeholder() + (option.is_list() ? " ..." : "");
    text += option.is_required() ? " " + shown : " [" + shown + "]";
  }
  if (registry.accepts_config_file()) text += " [FILE.yaml] [section.key=value ...]";
  return text + " [flags]";
}

std::string describe_options(const OptionRegistry& registry) {
  std::string text;
  for (const auto& [section, options] : by_section(registry)) {
    text += fmt::format("\n{}:\n", section);
    for (const Option* option : options) {
      text += fmt::format("  {}\n      {} ({}; {})\n", fmt::join(registry.flags(*option), " "), option->help(),
                          option->type(), default_text(*option));
      for (size_t i = 0; i < option->shorthands().size(); ++i)
        text += fmt::format("  {}\n      the same as {} {}\n", registry.shorthand_flags(*option)[i],
                            registry.flags(*option).front(), option->shorthands()[i].second);
    }
  }
  text +=
      "\nevery verb (section.key=value is the same as --section.key value):\n  --help -h            this text\n  "
      "--dump-config        print the resolved configuration as "
      "YAML\n"
      "  --explain KEY        print an option's value and where it comes from\n";
  if (registry.accepts_config_file())
    text += "  --config FILE        configuration file, also as an argument that ends in .yaml\n";
  return text;
}

}  // namespace lowbit
