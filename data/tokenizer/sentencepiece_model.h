#pragma once

#include <sentencepiece_processor.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lowbit {

/// Calls of the sentencepiece library with its failures as Error. For the tokenizers of this folder.

/// What a piece at the start of a word begins with.
inline constexpr std::string_view kWordMark = "\u2581";

/// Error (model) naming `origin` when the bytes are no model.
void load_processor(sentencepiece::SentencePieceProcessor& processor, const std::string& bytes,
                    const std::string& origin);
std::vector<int32_t> encode_pieces(const sentencepiece::SentencePieceProcessor& processor, std::string_view text);
/// The pieces themselves, what is unknown as it stands in the text.
std::vector<std::string> encode_as_text(const sentencepiece::SentencePieceProcessor& processor, std::string_view text);
std::string decode_pieces(const sentencepiece::SentencePieceProcessor& processor, std::span<const int32_t> ids);

/// What a status says, without the position in sentencepiece's sources that its messages open with.
std::string reason(const sentencepiece::util::Status& status);

}  // namespace lowbit
