#include "data/tokenizer/mbart_tokenizer.h"

#include <xxhash.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files/atomic.h"
#include "core/files/foreign_json.h"
#include "core/text.h"
#include "data/text/utf8.h"
#include "data/tokenizer/sentencepiece_model.h"
#include "data/tokenizer/sentencepiece_tokenizer.h"
#include "data/tokenizer/unigram_json.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

constexpr const char *kConfig = "tokenizer_config.json", *kJson = "tokenizer.json";
constexpr int32_t kOffset = 1;  // fairseq's ids have a <pad> that the model lacks
constexpr const char* kFirst[] = {"<s>", "<pad>", "</s>", "<unk>"};
constexpr const char* kMask = "<mask>";

/// In the order of their ids; cc25 has the first 25.
constexpr const char* kCodes[] = {"ar_AR", "cs_CZ", "de_DE", "en_XX", "es_XX", "et_EE", "fi_FI", "fr_XX", "gu_IN",
                                  "hi_IN", "it_IT", "ja_XX", "kk_KZ", "ko_KR", "lt_LT", "lv_LV", "my_MM", "ne_NP",
                                  "nl_XX", "ro_RO", "ru_RU", "si_LK", "tr_TR", "vi_VN", "zh_CN", "af_ZA", "az_AZ",
                                  "bn_IN", "fa_IR", "he_IL", "hr_HR", "id_ID", "ka_GE", "km_KH", "mk_MK", "ml_IN",
                                  "mn_MN", "mr_IN", "pl_PL", "ps_AF", "pt_XX", "sv_SE", "sw_KE", "ta_IN", "te_IN",
                                  "th_TH", "tl_XX", "uk_UA", "ur_PK", "xh_ZA", "gl_ES", "sl_SI"};

int64_t code_count(MbartTokenizer::Release release) {
  return release == MbartTokenizer::Release::cc25 ? 25 : std::ssize(kCodes);
}

const char* class_name(MbartTokenizer::Release release) {
  return release == MbartTokenizer::Release::cc25 ? "MBartTokenizer" : "MBart50Tokenizer";
}

nlohmann::json read_config(const fs::path& path) {
  if (!fs::exists(path)) return nlohmann::json::object();
  return parse_foreign_object("tokenizer", path.string(), read_tokenizer_file(path));
}

std::string text_at(const nlohmann::json& json, const char* key) {
  return json.contains(key) && json.at(key).is_string() ? json.at(key).get<std::string>() : std::string();
}

}  // namespace

struct MbartTokenizer::Impl {
  std::optional<UnigramJson> json;  // or these:
  sentencepiece::SentencePieceProcessor processor;
  std::string model;                    // the file's bytes
  std::vector<AddedToken> written_out;  // special tokens as they may stand in text

  int32_t first_code = 0;  // behind the pieces
  Release release = Release::cc25;
  Languages languages;
  SpecialIds special;

  int32_t code(const std::string& language, const char* option) const {
    std::vector<std::string> known(kCodes, kCodes + code_count(release));
    LB_REQUIRE(!language.empty(), ErrorKind::usage, "tokenizer", "mBART needs both languages: give {} CODE, such as {}",
               option, known[3]);
    const auto found = std::find(known.begin(), known.end(), language);
    LB_REQUIRE(found != known.end(), ErrorKind::usage, "tokenizer", "{}: no language code '{}'{}", option, language,
               nearest_hint(language, known));
    return first_code + static_cast<int32_t>(found - known.begin());
  }

  /// Languages that are not given are those of the configuration.
  void set_languages(const Languages& given, const nlohmann::json& config) {
    languages = given;
    if (languages.source.empty()) languages.source = text_at(config, "src_lang");
    if (languages.target.empty()) languages.target = text_at(config, "tgt_lang");
    code(languages.source, "--source-lang");
    code(languages.target, "--target-lang");
  }
};

MbartTokenizer::MbartTokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MbartTokenizer::~MbartTokenizer() = default;

bool MbartTokenizer::has_its_ids(const fs::path& model) {
  sentencepiece::SentencePieceProcessor processor;
  load_processor(processor, read_tokenizer_file(model), model.string());
  return processor.unk_id() == 0 && processor.bos_id() == 1 && processor.eos_id() == 2 && processor.pad_id() < 0;
}

bool MbartTokenizer::fits(const FairseqDictionary& dictionary, const fs::path& model, int64_t rows) {
  if (!has_its_ids(model)) return false;
  sentencepiece::SentencePieceProcessor processor;
  load_processor(processor, read_tokenizer_file(model), model.string());
  if (dictionary.lines() != processor.GetPieceSize() - 3) return false;
  for (int piece = 3; piece < processor.GetPieceSize(); ++piece)
    if (dictionary.symbol(piece + kOffset) != processor.IdToPiece(piece)) return false;
  const int64_t codes = rows - dictionary.lines() - 4 - 1;
  return codes == code_count(Release::cc25) || codes == code_count(Release::mbart50);
}

std::unique_ptr<MbartTokenizer> MbartTokenizer::load(const fs::path& file, int64_t rows, const Languages& languages) {
  auto impl = std::make_unique<Impl>();
  impl->model = read_tokenizer_file(file);
  load_processor(impl->processor, impl->model, file.string());
  impl->first_code = impl->processor.GetPieceSize() + kOffset;
  const nlohmann::json config = read_config(file.parent_path() / kConfig);
  const std::string class_of_config = text_at(config, "tokenizer_class");
  const int64_t codes = rows - impl->first_code - 1;  // <mask> is last
  const auto is = [&](Release release) {
    return class_of_config.empty() ? codes == code_count(release) : class_of_config.starts_with(class_name(release));
  };
  LB_REQUIRE(is(Release::cc25) || is(Release::mbart50), ErrorKind::model, "tokenizer",
             "{}: {} pieces and a table of {} rows are neither mBART-cc25 (25 languages) nor mBART-50 (52)",
             file.string(), impl->processor.GetPieceSize(), rows);
  impl->release = is(Release::mbart50) ? Release::mbart50 : Release::cc25;
  impl->set_languages(languages, config);
  auto tokenizer = std::unique_ptr<MbartTokenizer>(new MbartTokenizer(std::move(impl)));
  Impl& its = *tokenizer->impl_;
  for (int32_t id = 0; id < tokenizer->vocab_size(); ++id)
    if (id < 4 || id >= its.first_code)
      its.written_out.push_back({tokenizer->piece(id), id, id + 1 == tokenizer->vocab_size() ? is_space : nullptr});
  return tokenizer;
}

std::unique_ptr<MbartTokenizer> MbartTokenizer::load_json(const fs::path& file, const Languages& languages) {
  auto impl = std::make_unique<Impl>();
  impl->json = read_unigram_tokenizer_json(file);
  if (!impl->json) return nullptr;
  const std::vector<std::string>& tokens = impl->json->tokens;
  const nlohmann::json config = read_config(file.parent_path() / kConfig);
  const std::string class_of_config = text_at(config, "tokenizer_class");
  const auto is = [&](Release release) {
    const int64_t codes = code_count(release), first = std::ssize(tokens) - codes - 1;
    return first >= 4 && std::equal(kFirst, kFirst + 4, tokens.begin()) && tokens.back() == kMask &&
           std::equal(kCodes, kCodes + codes, tokens.begin() + first) &&
           (class_of_config.empty() || class_of_config.starts_with(class_name(release)));
  };
  LB_REQUIRE(is(Release::cc25) || is(Release::mbart50), ErrorKind::model, "tokenizer",
             "{}: {} tokens{} are neither mBART-cc25's nor mBART-50's: <s> <pad> </s> <unk>, pieces, 25 or 52 language "
             "codes, <mask>",
             file.string(), tokens.size(), class_of_config.empty() ? "" : " for a " + class_of_config);
  impl->release = is(Release::mbart50) ? Release::mbart50 : Release::cc25;
  impl->first_code = static_cast<int32_t>(std::ssize(tokens) - code_count(impl->release) - 1);
  impl->set_languages(languages, config);
  return std::unique_ptr<MbartTokenizer>(new MbartTokenizer(std::move(impl)));
}

std::vector<int32_t> MbartTokenizer::encode(std::string_view text) const {
  if (impl_->json) return impl_->json->encode(text);
  std::vector<int32_t> ids;
  for (const TextPart& part : split_at_tokens(text, impl_->written_out)) {
    if (part.token >= 0)
      ids.push_back(part.token);
    else
      for (const int32_t piece : encode_pieces(impl_->processor, part.text))
        ids.push_back(piece == 0 ? impl_->special.unk : piece + kOffset);
  }
  return ids;
}

std::string MbartTokenizer::decode(std::span<const int32_t> ids) const {
  const int32_t offset = impl_->json ? 0 : kOffset;
  std::vector<int32_t> pieces;
  for (const int32_t id : ids) {
    LB_CHECK(id >= 0 && id < vocab_size(), "tokenizer", "id {} is outside the vocabulary of {}", id, vocab_size());
    if (id > impl_->special.unk && id < impl_->first_code) pieces.push_back(id - offset);
  }
  return impl_->json ? impl_->json->decode(pieces) : decode_pieces(impl_->processor, pieces);
}

int64_t MbartTokenizer::vocab_size() const { return impl_->first_code + code_count(impl_->release) + 1; }

std::string MbartTokenizer::piece(int32_t id) const {
  LB_CHECK(id >= 0 && id < vocab_size(), "tokenizer", "id {} is outside the vocabulary of {}", id, vocab_size());
  if (impl_->json) return impl_->json->tokens[static_cast<size_t>(id)];
  if (id < 4) return kFirst[id];
  if (id < impl_->first_code) return impl_->processor.IdToPiece(id - kOffset);
  return id + 1 == vocab_size() ? kMask : kCodes[id - impl_->first_code];
}

const SpecialIds& MbartTokenizer::special_ids() const { return impl_->special; }

Framing MbartTokenizer::framing() const { return framing_for(impl_->languages); }

Framing MbartTokenizer::framing_for(const Languages& languages) const {
  const int32_t source = impl_->code(languages.source, "--source-lang"),
                target = impl_->code(languages.target, "--target-lang"), eos = impl_->special.eos;
  if (impl_->release == Release::mbart50)
    return {.source_begin = {source}, .target_begin = {target}, .forced_bos = target};
  return {.source_close = {eos},
          .target_close = {eos},
          .source_end = source,
          .target_end = target,
          .decoder_start = target};
}

int32_t MbartTokenizer::find(std::string_view piece) const {
  for (int32_t id = 0; id < 4; ++id)
    if (this->piece(id) == piece) return id;
  for (int32_t id = impl_->first_code; id < vocab_size(); ++id)
    if (this->piece(id) == piece) return id;
  if (impl_->json) return impl_->json->model.find(piece);
  const int32_t found = impl_->processor.PieceToId(piece);
  return found == impl_->processor.unk_id() ? -1 : found + kOffset;
}

bool MbartTokenizer::starts_word(int32_t id) const {
  return id < 4 || id >= impl_->first_code || piece(id).starts_with(kWordMark);
}

uint64_t MbartTokenizer::fingerprint() const {
  const std::string all = (impl_->json ? impl_->json->definition : impl_->model) + class_name(impl_->release);
  return XXH3_64bits(all.data(), all.size());
}

void MbartTokenizer::save(const fs::path& folder) const {
  const nlohmann::ordered_json config = {{"tokenizer_class", class_name(impl_->release)},
                                         {"src_lang", impl_->languages.source},
                                         {"tgt_lang", impl_->languages.target}};
  if (impl_->json)
    write_file_atomically((folder / kJson).string(), impl_->json->file);
  else
    write_file_atomically((folder / SentencePieceTokenizer::kFile).string(), impl_->model);
  write_file_atomically((folder / kConfig).string(), config.dump(2) + "\n");
}

}  // namespace lowbit
