#include "nn/model_state.h"

#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/files/foreign_json.h"
#include "core/quant/packing.h"
#include "nn/module_state.h"
#include "nn/quant/weight_slot.h"

namespace lowbit {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kConfigKey = "lowbit.config";

struct FrozenSlot {
  const StoredCodes* stored;
  std::string holder;  ///< the first path with the same codes and scales, under which they are stored
};

using FrozenSlots = std::map<std::string, FrozenSlot>;

FrozenSlots frozen_slots(Module& root) {
  FrozenSlots frozen;
  root.each_slot([&](const std::string& path, Slot& slot) {
    if (const auto* weight = dynamic_cast<const WeightSlot*>(&slot); weight && weight->frozen())
      frozen[path] = {&weight->stored(), path};
  });
  for (auto& [path, slot] : frozen)
    for (auto other = frozen.begin(); other->first != path && slot.holder == path; ++other)
      if (*other->second.stored == *slot.stored) slot.holder = other->first;
  return frozen;
}

/// Slots as in "quantization_config": what fills them, whether learned scales have been calibrated, and for frozen
/// weights the code book and extents that the packed bytes do not tell.
Json describe_slots(Module& root, const FrozenSlots& frozen) {
  Json slots = Json::object();
  root.each_slot([&](const std::string& path, Slot& slot) {
    if (slot.empty()) return;
    Json entry = {{"quantizer", slot.describe()}};
    if (!slot.calibrated()) entry["calibrated"] = false;
    if (const auto found = frozen.find(path); found != frozen.end()) {
      const auto& [stored, holder] = found->second;
      entry["codes"] = to_string(stored->book);
      entry["shape"] = {stored->shape[0], stored->shape[1]};
      entry["scale_per"] = stored->per == Granularity::row ? "row" : "tensor";
      if (holder != path) entry["stored_as"] = holder;
    }
    slots[path] = entry;
  });
  return slots;
}

StoredCodes stored_codes(const StateDict& state, const std::string& holder, const Json& entry) {
  const CodeBook book = code_book_from_name(entry.at("codes").get<std::string>());
  LB_REQUIRE(range_of(book).low < 0, ErrorKind::model, "model", "{}: a weight has signed codes, not {}", holder,
             to_string(book));
  const Granularity per = entry.at("scale_per") == "row" ? Granularity::row : Granularity::tensor;
  const auto rows = entry.at("shape").at(0).get<int64_t>(), columns = entry.at("shape").at(1).get<int64_t>();
  LB_REQUIRE(rows >= 0 && columns >= 0, ErrorKind::model, "model", "codes of shape [{}, {}]", rows, columns);
  const Shape shape{rows, columns};
  const Tensor& packed = take_tensor(state, holder + ".codes", {rows, packed_row_bytes(book, columns)}, DType::u8);
  check_codes(packed, book, shape);
  return {book, per, shape, packed,
          take_tensor(state, holder + ".scale", Shape{per == Granularity::row ? rows : 1}, DType::f32)};
}

/// Fills the slots, then replaces float masters by codes where the file has them. Returns the names of tensors used.
std::set<std::string> fill_slots(Seq2Seq& model, const StateDict& state, const Json& slots) {
  std::set<std::string> found, used;
  model.each_slot([&](const std::string& path, Slot& slot) {
    if (!slots.contains(path)) return;
    const Json& entry = slots.at(path);
    found.insert(path);
    slot.assign(entry.at("quantizer").get<std::string>());
    slot.set_calibrated(entry.value("calibrated", true));
  });
  for (const auto& [path, entry] : slots.items())
    LB_REQUIRE(found.count(path), ErrorKind::model, "model",
               "the file fills a slot {} that the architecture does not have", path);
  model.each_module([&](const std::string& path, Module& module) {
    const std::string slot = path + ".weight";
    if (!slots.contains(slot) || !slots.at(slot).contains("codes")) return;
    const auto holder = slots.at(slot).value("stored_as", slot);
    module.freeze(stored_codes(state, holder, slots.at(slot)));
    used.insert({holder + ".codes", holder + ".scale"});
  });
  return used;
}

Json config_of(const std::map<std::string, std::string>& metadata, const std::string& where) {
  LB_REQUIRE(describes_model(metadata), ErrorKind::model, "model",
             "{}: no '{}' in its metadata: not written by lowbit; Hugging Face's need their config.json beside them",
             where, kConfigKey);
  Json config = parse_foreign_json<Json>(metadata.at(kConfigKey));
  LB_REQUIRE(config.is_object(), ErrorKind::model, "model", "{}: '{}' is not a JSON object", where, kConfigKey);
  return config;
}

Json slots_of(const Json& config) {
  return config.contains("quantization_config") ? config.at("quantization_config").value("slots", Json::object())
                                                : Json::object();
}

/// Runs fn; what it throws also names the file. What would be wrong usage in a recipe is a broken model in a file;
/// other kinds (memory, an error of ours) say nothing about the file and stay.
template <class Fn>
void with_context(const std::string& where, const Fn& fn) {
  try {
    fn();
  } catch (const Json::exception& error) {
    fail(ErrorKind::model, "model", "{}: quantization_config is broken: {}", where, error.what());
  } catch (const Error& error) {
    const ErrorKind kind = error.kind() == ErrorKind::usage ? ErrorKind::model : error.kind();
    throw Error(kind, fmt::format("{} (in {})", error.what(), where));
  }
}

std::string config_json(Seq2Seq& model, const FrozenSlots& frozen) {
  Json config = Json::parse(to_json(model.config()));
  const Json slots = describe_slots(model, frozen);
  if (!slots.empty()) config["quantization_config"] = {{"quant_method", "lowbit"}, {"slots", slots}};
  return config.dump(2) + "\n";
}

}  // namespace

std::string model_config_json(Seq2Seq& model) { return config_json(model, frozen_slots(model)); }

StateDict model_state(Seq2Seq& model) {
  StateDict state = module_state(model);
  const FrozenSlots frozen = frozen_slots(model);
  for (const auto& [path, slot] : frozen) {
    if (slot.holder != path) continue;
    state.tensors[path + ".codes"] = slot.stored->packed;
    state.tensors[path + ".scale"] = slot.stored->scale;
  }
  state.metadata[kConfigKey] = config_json(model, frozen);
  return state;
}

bool describes_model(const std::map<std::string, std::string>& metadata) { return metadata.count(kConfigKey) > 0; }

TransformerConfig model_config(const std::map<std::string, std::string>& metadata, const std::string& where) {
  return transformer_config_from_json(config_of(metadata, where).dump(), where);
}

std::unique_ptr<Seq2Seq> model_from_state(const StateDict& state, const std::string& where, const ConfigEdit& edit) {
  const Json config = config_of(state.metadata, where);
  const TransformerConfig stored = model_config(state.metadata, where);
  auto model = std::make_unique<Seq2Seq>(edit ? edit(stored) : stored, 0);
  with_context(where, [&] {
    StateDict floats = state;
    for (auto& [path, tensor] : floats.tensors)
      if (is_half(tensor.dtype())) tensor = tensor.to(DType::f32);
    for (const std::string& name : fill_slots(*model, state, slots_of(config))) floats.tensors.erase(name);
    load_module_state(*model, floats);
  });
  return model;
}

void restore_model(Seq2Seq& model, const StateDict& state, const std::string& where) {
  with_context(where, [&] {
    const Json slots = slots_of(config_of(state.metadata, where));
    const Json present = describe_slots(model, frozen_slots(model));
    std::map<Slot*, bool> calibrated;
    for (const auto& [path, entry] : slots.items())
      LB_REQUIRE(present.contains(path) && present[path]["quantizer"] == entry.at("quantizer"), ErrorKind::model,
                 "model", "slot {} holds {} there, but the recipe puts {}; give the run's own recipe", path,
                 entry.at("quantizer").get<std::string>(),
                 present.contains(path) ? present[path]["quantizer"].get<std::string>() : "nothing");
    LB_REQUIRE(present.size() == slots.size(), ErrorKind::model, "model", "{} slots are filled there, {} by the recipe",
               slots.size(), present.size());
    model.each_slot([&](const std::string& path, Slot& slot) {
      if (slots.contains(path)) calibrated[&slot] = slots[path].value("calibrated", true);
    });
    load_module_state(model, state);
    for (const auto& [slot, value] : calibrated) slot->set_calibrated(value);
  });
}

}  // namespace lowbit
