#include "nn/checkpoint/fairseq_args.h"

#include "core/error.h"

namespace lowbit {
namespace {

using Json = nlohmann::ordered_json;
using Kind = PickleValue::Kind;

/// What a node of OmegaConf holds, or the value itself.
const PickleValue& plain(const PickleValue& value) {
  if (!value.made_by("omegaconf.*") || !value.state()) return value;
  const PickleValue* held = value.state()->value_of("_val");
  return held ? *held : value;
}

/// The mapping in a dict, a Namespace or a DictConfig; null for everything else.
const PickleValue* mapping_in(const PickleValue* value) {
  if (!value || value->is(Kind::dict)) return value;
  if (value->made_by("argparse.Namespace")) return value->state();
  if (value->made_by("omegaconf.dictconfig.DictConfig") && value->state()) return value->state()->value_of("_content");
  return nullptr;
}

/// A scalar as it is, an enumeration's member as its value, everything else as what it is called.
Json scalar(const PickleValue& value) {
  switch (value.kind) {
    case Kind::none:
      return nullptr;
    case Kind::boolean:
      return value.integer != 0;
    case Kind::integer:
      return value.integer;
    case Kind::real:
      return value.real;
    case Kind::text:
      return std::string(value.text);
    case Kind::object:
      if (value.items[1]->items.size() == 1 && value.items[1]->items[0]->is(Kind::text))
        return std::string(value.items[1]->items[0]->text);
      return std::string(value.items[0]->text);
    default:
      return "a list or the like";
  }
}

}  // namespace

JsonKeys fairseq_args(const PickleValue& checkpoint, const std::string& path) {
  const PickleValue* args = mapping_in(checkpoint.value_of("args"));
  if (!args || !args->is(Kind::dict)) {
    const PickleValue* cfg = mapping_in(checkpoint.value_of("cfg"));
    args = cfg ? mapping_in(cfg->value_of("model")) : nullptr;
  }
  LB_REQUIRE(args && args->is(Kind::dict), ErrorKind::model, "import",
             "{}: no arguments under 'args' or 'cfg', which say what model it is; save it with them", path);
  Json json = Json::object();
  for (size_t i = 0; i + 1 < args->items.size(); i += 2)
    if (args->items[i]->is(Kind::text)) json[std::string(args->items[i]->text)] = scalar(plain(*args->items[i + 1]));
  return JsonKeys::of(json, path + " (its arguments)");
}

}  // namespace lowbit
