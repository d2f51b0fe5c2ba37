#include "data/tokenizer/byte_bpe.h"

#include <functional>
#include <queue>
#include <tuple>

#include "core/error.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

bool is_printable(int byte) { return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174; }

const std::array<std::string, 256>& letters() {
  static const std::array<std::string, 256> table = [] {
    std::array<std::string, 256> all;
    char32_t next = 256;
    for (int byte = 0; byte < 256; ++byte)
      append_code_point(all[static_cast<size_t>(byte)], is_printable(byte) ? static_cast<char32_t>(byte) : next++);
    return all;
  }();
  return table;
}

uint64_t pair_key(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

/// A run of bytes that has been merged so far, in a list of neighbours.
struct Symbol {
  int32_t id = 0;
  int32_t previous = -1, next = -1;  // places; -1: none
  bool gone = false;                 // merged into the one before it
};

}  // namespace

const std::string& ByteBpe::letter(uint8_t byte) { return letters()[byte]; }

bool ByteBpe::bytes_of(std::string_view token, std::string& bytes) {
  static const std::unordered_map<std::string, char> byte_of = [] {
    std::unordered_map<std::string, char> all;
    for (int byte = 0; byte < 256; ++byte) all[letters()[static_cast<size_t>(byte)]] = static_cast<char>(byte);
    return all;
  }();
  bytes.clear();
  for (size_t position = 0; position < token.size();) {
    const size_t begin = position;
    next_code_point(token, position);
    const auto found = byte_of.find(std::string(token.substr(begin, position - begin)));
    if (found == byte_of.end()) return false;
    bytes += found->second;
  }
  return true;
}

ByteBpe::ByteBpe(const std::unordered_map<std::string, int32_t>& ids, const std::vector<Merge>& merges,
                 const std::string& where) {
  const auto id_of = [&](const std::string& token, const std::string& what) {
    const auto found = ids.find(token);
    LB_REQUIRE(found != ids.end(), ErrorKind::model, "tokenizer", "{}: {} '{}' has no id in the vocabulary", where,
               what, token);
    return found->second;
  };
  for (size_t byte = 0; byte < 256; ++byte) byte_ids_[byte] = id_of(letters()[byte], fmt::format("byte {}", byte));
  for (const Merge& merge : merges) {
    const std::string what = fmt::format("line {}:", merge.line);
    const Rule rule{static_cast<int32_t>(rules_.size()), id_of(merge.left + merge.right, what)};
    rules_.emplace(pair_key(id_of(merge.left, what), id_of(merge.right, what)), rule);
  }
}

void ByteBpe::encode(std::string_view word, std::vector<int32_t>& out) const {
  std::vector<Symbol> symbols(word.size());
  const auto size = static_cast<int32_t>(word.size());
  for (int32_t i = 0; i < size; ++i)
    symbols[static_cast<size_t>(i)] = {byte_ids_[static_cast<uint8_t>(word[static_cast<size_t>(i)])], i - 1,
                                       i + 1 < size ? i + 1 : -1};
  // Lowest rank first, then leftmost. An entry is stale when either symbol has changed since.
  using Entry = std::tuple<int32_t, int32_t, int32_t, int32_t>;  // rank, place, left id, right id
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  const auto consider = [&](int32_t left) {
    if (left < 0) return;
    const Symbol& a = symbols[static_cast<size_t>(left)];
    if (a.next < 0) return;
    const int32_t right = symbols[static_cast<size_t>(a.next)].id;
    const auto rule = rules_.find(pair_key(a.id, right));
    if (rule != rules_.end()) queue.emplace(rule->second.rank, left, a.id, right);
  };
  for (int32_t i = 0; i < size; ++i) consider(i);
  while (!queue.empty()) {
    const auto [rank, place, left_id, right_id] = queue.top();
    queue.pop();
    Symbol& left = symbols[static_cast<size_t>(place)];
    if (left.gone || left.id != left_id || left.next < 0) continue;
    Symbol& right = symbols[static_cast<size_t>(left.next)];
    if (right.id != right_id) continue;
    left.id = rules_.at(pair_key(left_id, right_id)).merged;
    right.gone = true;
    left.next = right.next;
    if (left.next >= 0) symbols[static_cast<size_t>(left.next)].previous = place;
    consider(left.previous);
    consider(place);
  }
  for (int32_t i = 0; i >= 0 && i < size; i = symbols[static_cast<size_t>(i)].next)
    out.push_back(symbols[static_cast<size_t>(i)].id);
}

}  // namespace lowbit
