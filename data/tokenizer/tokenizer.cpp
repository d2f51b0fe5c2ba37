#include "data/tokenizer/tokenizer.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "core/error.h"

namespace lowbit {
namespace {

std::vector<int32_t> frame(std::vector<int32_t> pieces, const std::vector<int32_t>& begin,
                           const std::vector<int32_t>& close, int64_t most) {
  if (most >= 0) {
    const int64_t room = most - std::ssize(begin) - std::ssize(close) - 1;
    pieces.resize(static_cast<size_t>(std::clamp<int64_t>(room, 0, std::ssize(pieces))));
  }
  pieces.insert(pieces.begin(), begin.begin(), begin.end());
  pieces.insert(pieces.end(), close.begin(), close.end());
  return pieces;
}

}  // namespace

void refuse_languages(const Languages& languages, std::string_view what) {
  for (const std::string& language : {languages.source, languages.target})
    LB_REQUIRE(language.empty(), ErrorKind::usage, "tokenizer", "{} has no token for the language '{}'", what,
               language);
}

std::vector<int32_t> encode_source(const Tokenizer& tokenizer, const Framing& framing, std::string_view text,
                                   int64_t most) {
  return frame(tokenizer.encode(text), framing.source_begin, framing.source_close, most);
}

std::vector<int32_t> encode_target(const Tokenizer& tokenizer, const Framing& framing, std::string_view text,
                                   int64_t most) {
  return frame(tokenizer.encode(text), framing.target_begin, framing.target_close, most);
}

std::vector<int32_t> encode_source(const Tokenizer& tokenizer, std::string_view text, int64_t most) {
  return encode_source(tokenizer, tokenizer.framing(), text, most);
}

std::vector<int32_t> encode_target(const Tokenizer& tokenizer, std::string_view text, int64_t most) {
  return encode_target(tokenizer, tokenizer.framing(), text, most);
}

std::string read_tokenizer_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  LB_REQUIRE(file, ErrorKind::model, "tokenizer", "{}: cannot open", path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace lowbit
