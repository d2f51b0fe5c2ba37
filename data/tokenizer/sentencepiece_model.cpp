#include "data/tokenizer/sentencepiece_model.h"

#include "core/error.h"

namespace lowbit {

namespace spm = sentencepiece;

/// "Internal: trainer_interface.cc(660) [...] Vocabulary size ..."
std::string reason(const spm::util::Status& status) {
  const std::string text = status.ToString();
  const size_t bracket = text.rfind("] ");
  const std::string rest = bracket == std::string::npos ? text : text.substr(bracket + 2);
  return rest.empty() ? "it cannot be parsed" : rest;
}

void load_processor(spm::SentencePieceProcessor& processor, const std::string& bytes, const std::string& origin) {
  const auto status = processor.LoadFromSerializedProto(bytes);
  LB_REQUIRE(status.ok(), ErrorKind::model, "tokenizer", "{}: no sentencepiece model: {}", origin, reason(status));
}

std::vector<int32_t> encode_pieces(const spm::SentencePieceProcessor& processor, std::string_view text) {
  std::vector<int> ids;
  const auto status = processor.Encode(text, &ids);
  LB_CHECK(status.ok(), "tokenizer", "{}", reason(status));
  return ids;
}

std::vector<std::string> encode_as_text(const spm::SentencePieceProcessor& processor, std::string_view text) {
  std::vector<std::string> pieces;
  const auto status = processor.Encode(text, &pieces);
  LB_CHECK(status.ok(), "tokenizer", "{}", reason(status));
  return pieces;
}

std::string decode_pieces(const spm::SentencePieceProcessor& processor, std::span<const int32_t> ids) {
  std::string text;
  const auto status = processor.Decode(std::vector<int>(ids.begin(), ids.end()), &text);
  LB_CHECK(status.ok(), "tokenizer", "{}", reason(status));
  return text;
}

}  // namespace lowbit
