#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "core/text.h"

namespace lowbit {

/// JSON out of a file that anybody may have written; is_discarded() when it is none, or nested more than 100 deep,
/// since copying and printing a value goes as deep as the value.
template <class Json = nlohmann::json>
Json parse_foreign_json(std::string_view text) {
  constexpr int64_t kMaxDepth = 100;
  if (json_depth(text) > kMaxDepth) return Json(nlohmann::json::value_t::discarded);
  return Json::parse(text, nullptr, false);
}

}  // namespace lowbit
