#include "data/tokenizer/charsmap.h"

#include <cstring>

#include "core/error.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

constexpr size_t kLongCluster = 6;

/// The fields of a unit of darts-clone.
bool has_leaf(uint32_t unit) { return (unit >> 8) & 1; }
uint32_t value(uint32_t unit) { return unit & 0x7fffffffu; }
uint32_t label(uint32_t unit) { return unit & 0x800000ffu; }
uint32_t offset(uint32_t unit) { return (unit >> 10) << ((unit & (1u << 9)) >> 6); }

}  // namespace

Charsmap::Charsmap(const std::string& blob, const std::string& where) {
  uint32_t bytes = 0;
  if (blob.size() >= sizeof(bytes)) std::memcpy(&bytes, blob.data(), sizeof(bytes));
  LB_REQUIRE(blob.size() > sizeof(bytes) && bytes > 0 && bytes % 4 == 0 && bytes < blob.size() - sizeof(bytes) &&
                 blob.back() == '\0',
             ErrorKind::model, "tokenizer", "{}: the precompiled charsmap is no trie with its texts", where);
  units_.resize(bytes / 4);
  std::memcpy(units_.data(), blob.data() + sizeof(bytes), bytes);
  texts_ = blob.substr(sizeof(bytes) + bytes);
  LB_REQUIRE(find_invalid_utf8(texts_) == std::string_view::npos, ErrorKind::model, "tokenizer",
             "{}: the texts of the precompiled charsmap are not UTF-8", where);
}

std::optional<std::string_view> Charsmap::find(std::string_view part) const {
  // A file may say anything: what is outside of the trie matches nothing, what is outside of the texts or begins inside
  // a character is none.
  uint32_t place = offset(units_[0]);
  for (const char c : part) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte == 0) break;
    place ^= byte;
    if (place >= units_.size() || label(units_[place]) != byte) break;
    const uint32_t unit = units_[place];
    place ^= offset(unit);
    if (!has_leaf(unit)) continue;
    if (place >= units_.size() || value(units_[place]) >= texts_.size()) break;
    const char* text = texts_.c_str() + value(units_[place]);
    if ((static_cast<uint8_t>(*text) & 0xc0) == 0x80) break;
    return std::string_view(text);
  }
  return std::nullopt;
}

std::string Charsmap::normalize(std::string_view text) const {
  std::string out;
  for (const std::string_view cluster : split_graphemes(text)) {
    const auto whole = cluster.size() < kLongCluster ? find(cluster) : std::nullopt;
    if (whole) {
      out += *whole;
      continue;
    }
    for (size_t i = 0; i < cluster.size();) {
      const size_t begin = i;
      next_code_point(cluster, i);
      const std::string_view character = cluster.substr(begin, i - begin);
      out += find(character).value_or(character);
    }
  }
  return out;
}

}  // namespace lowbit
