#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/text.h"

namespace lowbit {

/// Of brackets within brackets, in JSON that anybody may have written.
constexpr int64_t kMaxForeignJsonDepth = 100;

/// JSON out of a file that anybody may have written; is_discarded() when it is none, or nested deeper than that,
/// since copying and printing a value goes as deep as the value.
template <class Json = nlohmann::json>
Json parse_foreign_json(std::string_view text) {
  if (json_depth(text) > kMaxForeignJsonDepth) return Json(nlohmann::json::value_t::discarded);
  return Json::parse(text, nullptr, false);
}

/// The same where an object is wanted. Error (model) naming `where` and what is wrong: the line and byte at which the
/// text is no JSON any more, the depth, or another kind of value.
template <class Json = nlohmann::json>
Json parse_foreign_object(const char* component, const std::string& where, std::string_view text) {
  LB_REQUIRE(json_depth(text) <= kMaxForeignJsonDepth, ErrorKind::model, component,
             "{}: not a JSON object that is read here: nested more than {} deep", where, kMaxForeignJsonDepth);
  Json json;
  try {
    json = Json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    const std::string_view before = text.substr(0, error.byte > 0 ? error.byte - 1 : 0);  // counted from 1
    fail(ErrorKind::model, component, "{}: not a JSON object: broken at byte {}, in line {}", where, error.byte,
         1 + std::count(before.begin(), before.end(), '\n'));
  } catch (const nlohmann::json::out_of_range&) {
    fail(ErrorKind::model, component, "{}: not a JSON object: it has a number that no double holds", where);
  }
  LB_REQUIRE(json.is_object(), ErrorKind::model, component, "{}: not a JSON object but {}", where, json.type_name());
  return json;
}

}  // namespace lowbit
