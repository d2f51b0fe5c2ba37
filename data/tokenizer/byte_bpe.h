#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lowbit {

/// The byte-level pair merging of GPT-2 (Radford et al. 2019): a word's bytes become symbols, and the pair of the
/// lowest rank is merged until none is known. n symbols take n log n steps.
class ByteBpe {
 public:
  /// What a file says about a merge: "Ġ t" of rank `line`.
  struct Merge {
    std::string left, right;
    int64_t line = 0;
  };

  /// `ids` of the tokens, written in GPT-2's letters for bytes. Errors (model) naming `where`: a byte or the result of
  /// a merge that has no id.
  ByteBpe(const std::unordered_map<std::string, int32_t>& ids, const std::vector<Merge>& merges,
          const std::string& where);

  /// Appends the ids of one pre-token, any bytes.
  void encode(std::string_view word, std::vector<int32_t>& out) const;

  /// GPT-2's letter for a byte, as UTF-8: printable bytes stand for themselves, the others for U+0100 and up.
  static const std::string& letter(uint8_t byte);
  /// The bytes of a token in such letters; false when it has a character that is none.
  static bool bytes_of(std::string_view token, std::string& bytes);

 private:
  struct Rule {
    int32_t rank, merged;
  };
  std::array<int32_t, 256> byte_ids_{};
  std::unordered_map<uint64_t, Rule> rules_;  // by left and right id
};

}  // namespace lowbit
