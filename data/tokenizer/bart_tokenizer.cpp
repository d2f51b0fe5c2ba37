#include "data/tokenizer/bart_tokenizer.h"

#include <xxhash.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_set>

#include "core/error.h"
#include "core/files/atomic.h"
#include "core/files/foreign_json.h"
#include "data/text/regex.h"
#include "data/text/utf8.h"
#include "data/tokenizer/byte_bpe.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using Ids = std::unordered_map<std::string, int32_t>;

/// White_Space of Unicode: PCRE2's own \s also takes U+180E, which is none any more.
#define LB_SPACE R"(\x09-\x0d\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})"
/// GPT-2's pre-tokens.
constexpr const char* kPattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^)" LB_SPACE
                                 R"(\p{L}\p{N}]+|[)" LB_SPACE R"(]+(?![^)" LB_SPACE R"(])|[)" LB_SPACE R"(]+)";
constexpr const char* kSpaceBefore = "[" LB_SPACE "]+$";
#undef LB_SPACE

constexpr const char* kSpecials[] = {"<s>", "<pad>", "</s>", "<unk>", "<mask>"};
constexpr const char* kMask = "<mask>";
constexpr const char* kConfig = "tokenizer_config.json";
constexpr const char *kForcedKey = "forced_bos_token", *kAddedKey = "added_tokens_decoder", *kMaskKey = "mask_token";

/// tokenizer_config.json; an empty object where none is.
nlohmann::json read_config(const fs::path& folder) {
  if (!fs::exists(folder / kConfig)) return nlohmann::json::object();
  return parse_foreign_object("tokenizer", (folder / kConfig).string(), read_tokenizer_file(folder / kConfig));
}

/// From where transformers takes it, in its order; true, as its slow tokenizers had it, where no file says.
bool mask_takes_space(const nlohmann::json& config, const fs::path& folder) {
  for (const nlohmann::json& token : config.value(kAddedKey, nlohmann::json::object()))
    if (const std::optional<bool> found = lstrip_of_mask(token)) return *found;
  if (fs::exists(folder / BartTokenizer::kJson))
    if (const std::optional<bool> found = read_lstrip_of_mask(folder / BartTokenizer::kJson)) return *found;
  return lstrip_of_mask(config.value(kMaskKey, nlohmann::json())).value_or(true);
}

/// Tokens by id, which must be 0, 1, 2, ... each once.
std::vector<std::string> read_vocabulary(const std::string& text, const std::string& where) {
  const nlohmann::json json = parse_foreign_json(text);
  LB_REQUIRE(json.is_object() && !json.empty(), ErrorKind::model, "tokenizer", "{}: no JSON map of tokens to ids",
             where);
  std::vector<std::string> tokens(json.size());
  std::vector<bool> seen(json.size());
  for (const auto& [token, id] : json.items()) {
    const bool fits = id.is_number_unsigned() && id.get<uint64_t>() < tokens.size() && !seen[id.get<size_t>()];
    LB_REQUIRE(fits, ErrorKind::model, "tokenizer", "{}: {} has id {}; {} tokens need the ids from 0 on, each once",
               where, nlohmann::json(token).dump(), id.dump(), tokens.size());
    tokens[id.get<size_t>()] = token;
    seen[id.get<size_t>()] = true;
  }
  return tokens;
}

std::vector<ByteBpe::Merge> read_merges(const std::string& text, const std::string& where) {
  std::vector<ByteBpe::Merge> merges;
  int64_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || (number == 1 && line.starts_with("#version"))) continue;
    const size_t blank = line.find(' ');
    LB_REQUIRE(blank != std::string::npos && blank > 0 && blank + 1 < line.size() &&
                   line.find(' ', blank + 1) == std::string::npos,
               ErrorKind::model, "tokenizer", "{}: line {}: two tokens with a blank between are needed", where, number);
    merges.push_back({line.substr(0, blank), line.substr(blank + 1), number});
  }
  return merges;
}

/// Error (model) when many tokens are made by no merge, as when the list is cut off.
void check_complete(const std::vector<std::string>& tokens, const std::vector<ByteBpe::Merge>& merges,
                    const std::string& vocabulary, const std::string& where) {
  constexpr double kOthers = 0.01;  // specials, fairseq's madeupword rows, words that somebody appended
  std::unordered_set<std::string> made;
  for (const ByteBpe::Merge& merge : merges) made.insert(merge.left + merge.right);
  const auto unmade = std::ranges::count_if(tokens, [&](const std::string& token) {
    return decode_utf8(token).size() > 1 && !made.contains(token) &&
           std::ranges::find(kSpecials, token) == std::end(kSpecials);
  });
  LB_REQUIRE(static_cast<double>(unmade) <= std::max(1.0, kOthers * static_cast<double>(tokens.size())),
             ErrorKind::model, "tokenizer", "{}: no merge makes {} of the {} tokens of {}; is the file cut off?", where,
             unmade, tokens.size(), vocabulary);
}

/// The same for both forms of the files.
uint64_t fingerprint_of(const std::vector<std::string>& tokens, const std::vector<ByteBpe::Merge>& merges) {
  std::string all;
  for (const std::string& token : tokens) all.append(token).push_back('\n');
  for (const ByteBpe::Merge& merge : merges) all.append(merge.left + ' ' + merge.right).push_back('\n');
  return XXH3_64bits(all.data(), all.size());
}

/// Length of the invalid part at the start of `bytes`: a byte that starts no character, or as much of one as is there.
size_t invalid_length(std::string_view bytes) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t lead = at(0);
  if (lead < 0xc2 || lead > 0xf4) return 1;
  const size_t whole = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  // The second byte of some characters has a range of its own: no overlong forms, no surrogates, nothing above
  // U+10FFFF.
  uint8_t low = lead == 0xe0   ? 0xa0
                : lead == 0xf0 ? 0x90
                               : 0x80,
          high = lead == 0xed   ? 0x9f
                 : lead == 0xf4 ? 0x8f
                                : 0xbf;
  size_t length = 1;
  for (; length < whole && length < bytes.size() && at(length) >= low && at(length) <= high; ++length)
    low = 0x80, high = 0xbf;
  return length;
}

/// Each invalid part becomes U+FFFD.
std::string replace_invalid(std::string_view bytes) {
  std::string text;
  for (size_t bad = find_invalid_utf8(bytes); bad != std::string_view::npos; bad = find_invalid_utf8(bytes)) {
    text.append(bytes.substr(0, bad)).append("\uFFFD");
    bytes.remove_prefix(bad + invalid_length(bytes.substr(bad)));
  }
  return text.append(bytes);
}

}  // namespace

struct BartTokenizer::Impl {
  BpeFiles files;
  Start start = Start::free;
  std::vector<std::string> tokens;
  uint64_t fingerprint = 0;
  Ids ids;
  SpecialIds special;
  std::vector<std::pair<std::string, int32_t>> written_out;  // special tokens as they may stand in text
  std::optional<ByteBpe> bpe;
  Regex pattern{kPattern}, space_before{kSpaceBefore};

  /// The leftmost special token at or after `begin`: its place, and which. npos if there is none.
  std::pair<size_t, size_t> next_special(std::string_view text, size_t begin) const {
    std::pair<size_t, size_t> best{std::string_view::npos, 0};
    for (size_t i = 0; i < written_out.size(); ++i) best = std::min(best, {text.find(written_out[i].first, begin), i});
    return best;
  }

  void encode_plain(std::string_view text, std::vector<int32_t>& out) const {
    for (auto match = pattern.search(text); match; match = pattern.search(text, match->end))
      bpe->encode(text.substr(match->begin, match->end - match->begin), out);
  }

  bool is_special(int32_t id) const {
    return std::ranges::any_of(written_out, [&](const auto& token) { return token.second == id; });
  }
};

BartTokenizer::BartTokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BartTokenizer::~BartTokenizer() = default;

std::unique_ptr<BartTokenizer> BartTokenizer::load(const fs::path& folder) {
  const std::string vocabulary = (folder / kVocabulary).string(), merges = (folder / kMerges).string();
  const nlohmann::json config = read_config(folder);
  const bool takes_space = mask_takes_space(config, folder);
  if (fs::exists(vocabulary) || !fs::exists(folder / kJson))
    return make({read_tokenizer_file(vocabulary), read_tokenizer_file(merges), takes_space}, vocabulary, merges,
                config.contains(kForcedKey) ? Start::bos : Start::free);
  const std::string json = (folder / kJson).string();
  BpeFiles files = read_bpe_tokenizer_json(json);
  files.mask_takes_space = takes_space;
  return make(std::move(files), json, json);
}

std::unique_ptr<BartTokenizer> BartTokenizer::make(BpeFiles files, const std::string& vocabulary,
                                                   const std::string& merges, Start start) {
  auto impl = std::make_unique<Impl>();
  impl->start = start;
  impl->files = std::move(files);
  impl->tokens = read_vocabulary(impl->files.vocabulary, vocabulary);
  for (size_t id = 0; id < impl->tokens.size(); ++id) impl->ids[impl->tokens[id]] = static_cast<int32_t>(id);
  for (const char* token : kSpecials) {
    const auto found = impl->ids.find(token);
    LB_REQUIRE(found != impl->ids.end() || token == kMask, ErrorKind::model, "tokenizer", "{}: no token {}", vocabulary,
               token);
    if (found != impl->ids.end()) impl->written_out.emplace_back(token, found->second);
  }
  impl->special = {impl->ids.at("<s>"), impl->ids.at("<pad>"), impl->ids.at("</s>"), impl->ids.at("<unk>")};
  const std::vector<ByteBpe::Merge> pairs = read_merges(impl->files.merges, merges);
  check_complete(impl->tokens, pairs, vocabulary, merges);
  impl->bpe.emplace(impl->ids, pairs, merges);
  impl->fingerprint = fingerprint_of(impl->tokens, pairs);
  return std::unique_ptr<BartTokenizer>(new BartTokenizer(std::move(impl)));
}

std::vector<int32_t> BartTokenizer::encode(std::string_view text) const {
  std::vector<int32_t> ids;
  size_t begin = 0;
  for (auto [place, which] = impl_->next_special(text, 0); place != std::string_view::npos;
       std::tie(place, which) = impl_->next_special(text, begin)) {
    const auto& [token, id] = impl_->written_out[which];
    std::string_view before = text.substr(begin, place - begin);
    if (token == kMask && impl_->files.mask_takes_space)  // takes the white space before it along
      if (const auto space = impl_->space_before.search(before)) before = before.substr(0, space->begin);
    impl_->encode_plain(before, ids);
    ids.push_back(id);
    begin = place + token.size();
  }
  impl_->encode_plain(text.substr(begin), ids);
  return ids;
}

std::string BartTokenizer::decode(std::span<const int32_t> ids) const {
  std::string bytes, piece_bytes;
  for (const int32_t id : ids) {
    LB_CHECK(id >= 0 && id < vocab_size(), "tokenizer", "id {} is outside the vocabulary of {}", id, vocab_size());
    if (impl_->is_special(id)) continue;
    const std::string& token = impl_->tokens[static_cast<size_t>(id)];
    bytes += ByteBpe::bytes_of(token, piece_bytes) ? piece_bytes : token;
  }
  return replace_invalid(bytes);
}

int64_t BartTokenizer::vocab_size() const { return std::ssize(impl_->tokens); }
std::string BartTokenizer::piece(int32_t id) const { return impl_->tokens.at(static_cast<size_t>(id)); }
const SpecialIds& BartTokenizer::special_ids() const { return impl_->special; }

Framing BartTokenizer::framing() const {
  const SpecialIds& ids = impl_->special;
  return {.source_begin = {ids.bos},
          .target_begin = {ids.bos},
          .source_end = ids.eos,
          .target_end = ids.eos,
          .forced_bos = impl_->start == Start::bos ? ids.bos : -1};
}

Framing BartTokenizer::framing_for(const Languages& languages) const {
  refuse_languages(languages, "BART");
  return framing();
}

int32_t BartTokenizer::find(std::string_view piece) const {
  const auto found = impl_->ids.find(std::string(piece));
  return found == impl_->ids.end() ? -1 : found->second;
}

bool BartTokenizer::starts_word(int32_t id) const {
  return impl_->is_special(id) || piece(id).starts_with(ByteBpe::letter(' '));
}

uint64_t BartTokenizer::fingerprint() const { return impl_->fingerprint; }

void BartTokenizer::save(const fs::path& folder) const {
  write_file_atomically((folder / kVocabulary).string(), impl_->files.vocabulary);
  write_file_atomically((folder / kMerges).string(), impl_->files.merges);
  nlohmann::ordered_json config = {{"tokenizer_class", "BartTokenizer"}};
  if (impl_->start == Start::bos) config[kForcedKey] = "<s>";
  if (const int32_t mask = find(kMask); mask >= 0) {
    config[kAddedKey][std::to_string(mask)] = {{"content", kMask},     {"lstrip", impl_->files.mask_takes_space},
                                               {"normalized", false},  {"rstrip", false},
                                               {"single_word", false}, {"special", true}};
    config[kMaskKey] = kMask;
  }
  write_file_atomically((folder / kConfig).string(), config.dump(2) + "\n");
}

}  // namespace lowbit
