#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/error.h"
#include "core/files/foreign_json.h"

namespace lowbit {

/// Keys of one JSON object in a file; every failure (model) names the file and the key.
class JsonKeys {
 public:
  /// Error (model) when `text` is no JSON object.
  JsonKeys(std::string_view text, std::string where)
      : json_(parse_foreign_object<nlohmann::ordered_json>("import", where, text)), where_(std::move(where)) {}
  /// The same for an object that came from elsewhere.
  static JsonKeys of(const nlohmann::ordered_json& object, std::string where) {
    JsonKeys keys("{}", std::move(where));
    keys.json_ = object;
    return keys;
  }

  const std::string& where() const { return where_; }
  bool has(const char* key) const { return json_.contains(key) && !json_.at(key).is_null(); }

  /// `value` stays as it is when the key is absent or null. Integers: from -1, which is none, to 2^31 - 1.
  template <class T>
  void take(const char* key, T& value) const {
    if constexpr (is_integer<T>)
      take_in(key, value, -1, kLargest);
    else
      get(key, value);
  }
  /// The same for a number that must lie from `least` to `most`.
  template <class T>
  void take_in(const char* key, T& value, double least, double most = kLargest) const {
    if (!has(key)) return;
    if (is_integer<T> && !json_.at(key).is_number_integer()) refuse_type<T>(key);
    double wide = 0;  // an integer that does not fit would be cut and wrapped
    get(key, wide);
    if (wide < least || wide > most) refuse(key, fmt::format("must lie from {} to {}", least, most));
    get(key, value);
  }
  /// Refuses any other value than this one or null.
  template <class T>
  void expect(const char* key, const T& wanted, const char* reason) const {
    T value = wanted;
    take(key, value);
    if (value != wanted) refuse(key, reason);
  }
  void expect_none(const char* key, const char* reason) const {
    if (has(key)) refuse(key, reason);
  }
  [[noreturn]] void refuse(const char* key, std::string_view reason) const {
    const nlohmann::ordered_json value = json_.contains(key) ? json_.at(key) : nullptr;
    fail(ErrorKind::model, "import", "{}: '{}' {}: {}", where_, key,
         value.is_null() ? "its default" : value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace),
         reason);
  }

 private:
  static constexpr double kLargest = std::numeric_limits<int32_t>::max();
  template <class T>
  static constexpr bool is_integer = std::is_integral_v<T> && !std::is_same_v<T, bool>;

  template <class T>
  void get(const char* key, T& value) const {
    if (!has(key)) return;
    try {
      value = json_.at(key).get<T>();
    } catch (const nlohmann::ordered_json::exception&) {
      refuse_type<T>(key);
    }
  }
  template <class T>
  [[noreturn]] void refuse_type(const char* key) const {
    constexpr const char* kWanted = is_integer<T>                 ? "one integer"
                                    : std::is_same_v<T, bool>     ? "true or false"
                                    : std::is_floating_point_v<T> ? "one number"
                                                                  : "a text";
    refuse(key, fmt::format("has the wrong type, {} is wanted", kWanted));
  }

  nlohmann::ordered_json json_;
  std::string where_;
};

}  // namespace lowbit
