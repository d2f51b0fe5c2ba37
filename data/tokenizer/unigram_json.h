#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizer/added_tokens.h"
#include "data/tokenizer/charsmap.h"
#include "data/tokenizer/unigram.h"

namespace lowbit {

/// A Unigram model in a tokenizer.json of the tokenizers library, as mBART has it.
struct UnigramJson {
  enum class Step : uint8_t { charsmap, strip_right, blanks_to_blank, blanks_to_mark };

  std::vector<std::string> tokens;           ///< by id, with those that only added_tokens has
  Unigram model;                             ///< of those of the vocabulary
  std::vector<AddedToken> added;             ///< found in a text as it stands
  std::vector<AddedToken> added_normalized;  ///< found in it after normalize()
  std::vector<Step> steps;                   ///< of the normalizer
  std::optional<Charsmap> charsmap;
  bool splits_at_white_space = false;  ///< WhitespaceSplit before Metaspace
  std::string file;                    ///< all bytes of it
  std::string definition;              ///< the parts that ids depend on, without the file's layout and languages

  std::vector<int32_t> encode(std::string_view text) const;   ///< valid UTF-8
  std::string decode(std::span<const int32_t> pieces) const;  ///< without the blank in front of the first word

  std::string normalize(std::string_view text) const;
  /// Normalized text cut for the model. Every word begins with the mark of blanks, also where nothing was before it;
  /// blanks that nothing removed are words of that mark alone.
  std::vector<std::string> words(std::string_view normalized) const;
};

/// Null when model.type is another than Unigram. Errors (model) naming the file and the part that is otherwise: a
/// normalizer, pre-tokenizer or option that mBART has not, byte fallback, a score or an added token that makes no
/// sense.
std::optional<UnigramJson> read_unigram_tokenizer_json(const std::filesystem::path& path);

}  // namespace lowbit
