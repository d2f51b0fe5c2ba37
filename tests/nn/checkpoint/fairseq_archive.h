#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/files/state_dict.h"
#include "tests/nn/checkpoint/torch/torch_archive.h"

namespace lowbit::test {

/// A scalar as a pickle; an array as a list.
inline std::string pickled_json(const nlohmann::json& value) {
  if (value.is_null()) return "N";
  if (value.is_boolean()) return value.get<bool>() ? "\x88" : "\x89";
  if (value.is_number_integer()) return pickled(value.get<int64_t>());
  if (value.is_string()) return pickled(value.get<std::string>());
  if (value.is_array()) {
    std::string items;
    for (const auto& item : value) items += pickled_json(item);
    return "](" + items + "e";
  }
  std::string bytes = little(std::bit_cast<uint64_t>(value.get<double>()), 8);
  std::reverse(bytes.begin(), bytes.end());
  return "G" + bytes;
}

/// A checkpoint of fairseq, {"args": Namespace(args), "model": weights}; without args if they are null. f32 weights.
inline std::string fairseq_archive(const nlohmann::json& args, const StateDict& weights) {
  std::string space = "N", model;
  if (args.is_object()) {
    space = "cargparse\nNamespace\n)\x81}(";
    for (const auto& [key, value] : args.items()) space += pickled(key) + pickled_json(value);
    space += "ub";
  }
  std::vector<ZipEntry> entries = {{"m/data.pkl", ""}, {"m/byteorder", "little"}};
  int64_t number = 0;
  for (const auto& [name, tensor] : weights.tensors) {
    const std::string key = std::to_string(number++);
    std::vector<int64_t> sizes, strides;
    int64_t stride = 1;
    for (int axis = tensor.shape().rank(); axis-- > 0; stride *= tensor.shape()[axis]) {
      sizes.insert(sizes.begin(), tensor.shape()[axis]);
      strides.insert(strides.begin(), stride);
    }
    model += pickled(name) + "ctorch._utils\n_rebuild_tensor_v2\n((" + pickled("storage") + "ctorch\nFloatStorage\n" +
             pickled(key) + pickled("cpu") + pickled(tensor.numel()) + "tQ" + pickled(int64_t{0}) + pickled(sizes) +
             pickled(strides) + "\x89" + "ccollections\nOrderedDict\n)RtR";
    entries.push_back({"m/data/" + key, {static_cast<const char*>(tensor.raw()), tensor.bytes()}});
  }
  entries[0].data = "\x80\x02}(" + pickled("args") + space + pickled("model") + "}(" + model + "uu.";
  return zip_archive(entries);
}

}  // namespace lowbit::test
