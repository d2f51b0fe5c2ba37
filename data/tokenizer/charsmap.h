#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lowbit {

/// Sentencepiece's precompiled map of characters as the normalizer "Precompiled" of Hugging Face's tokenizers applies
/// it, which is not how sentencepiece does: a grapheme cluster of less than 6 bytes becomes what its shortest prefix in
/// the map becomes (marks behind that are lost), the characters of a longer one are mapped one by one.
class Charsmap {
 public:
  /// `blob`: bytes of a double array trie (32 bits, little endian), the trie, texts that end with 0. Error (model)
  /// naming `where` when it cannot be that.
  Charsmap(const std::string& blob, const std::string& where);

  std::string normalize(std::string_view text) const;  ///< valid UTF-8 to what the map makes of it

 private:
  /// What the shortest prefix of `part` in the map becomes.
  std::optional<std::string_view> find(std::string_view part) const;

  std::vector<uint32_t> units_;  // of darts-clone's trie
  std::string texts_;
};

}  // namespace lowbit
