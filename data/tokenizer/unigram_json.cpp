#include "data/tokenizer/unigram_json.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files/foreign_json.h"
#include "data/text/utf8.h"
#include "data/tokenizer/sentencepiece_model.h"
#include "data/tokenizer/tokenizer.h"

namespace lowbit {
namespace {

using Json = nlohmann::json;
using Step = UnigramJson::Step;

/// The member of that name, or null.
const Json& at(const Json& json, const char* key) {
  static const Json null;
  const auto found = json.is_object() ? json.find(key) : json.end();
  return json.is_object() && found != json.end() ? *found : null;
}

class Reader {
 public:
  Reader(const Json& json, std::string where, UnigramJson& out) : json_(json), where_(std::move(where)), out_(out) {}

  void read() {
    read_normalizer(at(json_, "normalizer"));
    read_pre_tokenizer(at(json_, "pre_tokenizer"));
    read_vocabulary(at(json_, "model"));
    read_added(at(json_, "added_tokens"));
    for (const char* part : {"model", "normalizer", "pre_tokenizer", "added_tokens"})
      out_.definition += at(json_, part).dump();
  }

 private:
  void expect(bool condition, const std::string& part, const Json& value) const {
    if (condition) return;
    std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (text.size() > 200) text = text.substr(0, 200) + "...";
    fail(ErrorKind::model, "tokenizer", "{}: {} {}: of tokenizer.json with Unigram only mBART's is read", where_, part,
         text);
  }

  std::string base64(const Json& value) const {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    uint32_t bits = 0;
    int count = 0;
    for (const char c : value.get_ref<const std::string&>()) {
      if (c == '=') break;
      const size_t digit = kDigits.find(c);
      expect(digit != std::string_view::npos, "precompiled_charsmap with the character", std::string(1, c));
      bits = bits << 6 | static_cast<uint32_t>(digit);
      count += 6;
      if (count < 8) continue;
      count -= 8;
      bytes.push_back(static_cast<char>(bits >> count & 0xff));
    }
    return bytes;
  }

  void read_normalizer(const Json& step) {
    const Json& type = at(step, "type");
    if (step.is_null()) return;
    if (type == "Sequence" && at(step, "normalizers").is_array()) {
      for (const Json& each : at(step, "normalizers")) read_normalizer(each);
    } else if (type == "Precompiled") {
      const Json& map = at(step, "precompiled_charsmap");
      expect(map.is_string() && !out_.charsmap, "normalizer", step);
      out_.charsmap.emplace(base64(map), where_);
      out_.steps.push_back(Step::charsmap);
    } else if (type == "Strip") {
      expect(at(step, "strip_left") == false && at(step, "strip_right") == true, "normalizer", step);
      out_.steps.push_back(Step::strip_right);
    } else {
      const Json& content = at(step, "content");
      expect(
          type == "Replace" && at(at(step, "pattern"), "Regex") == " {2,}" && (content == " " || content == kWordMark),
          "normalizer", step);
      out_.steps.push_back(content == " " ? Step::blanks_to_blank : Step::blanks_to_mark);
    }
  }

  void read_metaspace(const Json& step) const {
    const Json &scheme = at(step, "prepend_scheme"), &prefix = at(step, "add_prefix_space"), &split = at(step, "split");
    expect(at(step, "type") == "Metaspace" && at(step, "replacement") == kWordMark &&
               (scheme == "always" || (scheme.is_null() && prefix == true)) && (split.is_null() || split == true),
           "pre_tokenizer", step);
  }

  void read_pre_tokenizer(const Json& step) {
    const Json& steps = at(step, "pretokenizers");
    if (at(step, "type") != "Sequence") return read_metaspace(step);
    expect(steps.is_array() && (steps.size() == 1 || steps.size() == 2), "pre_tokenizer", step);
    out_.splits_at_white_space = steps.size() == 2;
    if (out_.splits_at_white_space) expect(at(steps[0], "type") == "WhitespaceSplit", "pre_tokenizer", steps[0]);
    read_metaspace(steps.back());
  }

  void read_vocabulary(const Json& model) {
    const Json &vocabulary = at(model, "vocab"), &unknown = at(model, "unk_id"), &fallback = at(model, "byte_fallback");
    expect(fallback.is_null() || fallback == false, "model.byte_fallback", fallback);
    expect(vocabulary.is_array(), "model.vocab", vocabulary.type_name());
    expect(unknown.is_number_unsigned() && unknown.get<uint64_t>() < vocabulary.size(), "model.unk_id", unknown);
    out_.model.set_unknown(unknown.get<int32_t>());
    for (const Json& entry : vocabulary) {
      expect(entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[0] != "" && entry[1].is_number(),
             "model.vocab", entry);
      const auto& token = entry[0].get_ref<const std::string&>();
      expect(out_.model.find(token) < 0, "model.vocab, twice", entry[0]);
      out_.model.add(token, entry[1].get<double>());
      out_.tokens.push_back(token);
    }
    const std::string& its_token = out_.tokens[unknown.get<size_t>()];
    expect(its_token == "<unk>", "model.unk_id with the token", its_token);
  }

  void read_added(const Json& added) {
    expect(added.is_null() || added.is_array(), "added_tokens", added);
    for (const Json& token : added) {
      const Json &id = at(token, "id"), &content = at(token, "content");
      const auto is_false = [&](const char* key) { return at(token, key).is_null() || at(token, key) == false; };
      expect(id.is_number_unsigned() && content.is_string() && content != "" && is_false("single_word") &&
                 is_false("rstrip"),
             "added token", token);
      const auto& text = content.get_ref<const std::string&>();
      if (id == out_.tokens.size()) out_.tokens.push_back(text);
      expect(id < out_.tokens.size() && out_.tokens[id.get<size_t>()] == text, "added token", token);
      (is_false("normalized") ? out_.added : out_.added_normalized)
          .push_back(
              {.text = text, .id = id.get<int32_t>(), .takes = at(token, "lstrip") == true ? is_white_space : nullptr});
    }
  }

  const Json& json_;
  std::string where_;
  UnigramJson& out_;
};

/// Runs of two and more blanks.
std::string replace_runs(std::string_view text, std::string_view by) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t end = std::min(text.find_first_not_of(' ', i), text.size());
    if (end - i >= 2) {
      out += by;
      i = end;
    } else {
      out.push_back(text[i++]);
    }
  }
  return out;
}

/// As Metaspace does: blanks become marks, one is put in front where none is, and each mark begins a word.
void cut_at_marks(std::string_view text, std::vector<std::string>& words) {
  if (text.empty()) return;
  std::string marked;
  for (const char c : text) c == ' ' ? marked.append(kWordMark) : marked.append(1, c);
  if (!marked.starts_with(kWordMark)) marked.insert(0, kWordMark);
  for (size_t begin = 0; begin < marked.size();) {
    const size_t end = std::min(marked.find(kWordMark, begin + kWordMark.size()), marked.size());
    words.push_back(marked.substr(begin, end - begin));
    begin = end;
  }
}

}  // namespace

std::vector<int32_t> UnigramJson::encode(std::string_view text) const {
  std::vector<int32_t> ids;
  for (const TextPart& part : split_at_tokens(text, added)) {
    if (part.token >= 0) {
      ids.push_back(part.token);
      continue;
    }
    const std::string normalized = normalize(part.text);
    for (const TextPart& inner : split_at_tokens(normalized, added_normalized)) {
      if (inner.token >= 0) ids.push_back(inner.token);
      for (const std::string& word : words(inner.text)) model.encode(word, ids);
    }
  }
  return ids;
}

std::string UnigramJson::decode(std::span<const int32_t> pieces) const {
  std::string marked, text;
  for (const int32_t id : pieces) marked += tokens[static_cast<size_t>(id)];
  for (size_t i = marked.starts_with(kWordMark) ? kWordMark.size() : 0; i < marked.size();) {
    const bool blank = marked.compare(i, kWordMark.size(), kWordMark) == 0;
    text.push_back(blank ? ' ' : marked[i]);
    i += blank ? kWordMark.size() : 1;
  }
  return text;
}

std::string UnigramJson::normalize(std::string_view text) const {
  std::string now(text);
  for (const Step step : steps) {
    switch (step) {
      case Step::charsmap:
        now = charsmap->normalize(now);
        break;
      case Step::strip_right:
        now.resize(strip_right(now, is_white_space).size());
        break;
      case Step::blanks_to_blank:
        now = replace_runs(now, " ");
        break;
      case Step::blanks_to_mark:
        now = replace_runs(now, kWordMark);
        break;
    }
  }
  return now;
}

std::vector<std::string> UnigramJson::words(std::string_view normalized) const {
  std::vector<std::string> words;
  if (!splits_at_white_space) {
    cut_at_marks(normalized, words);
    return words;
  }
  size_t begin = 0;
  for (size_t i = 0; i < normalized.size();) {
    const size_t here = i;
    if (!is_white_space(next_code_point(normalized, i))) continue;
    cut_at_marks(normalized.substr(begin, here - begin), words);
    begin = i;
  }
  cut_at_marks(normalized.substr(begin), words);
  return words;
}

std::optional<UnigramJson> read_unigram_tokenizer_json(const std::filesystem::path& path) {
  UnigramJson result;
  result.file = read_tokenizer_file(path);
  const auto json = parse_foreign_object<Json>("tokenizer", path.string(), result.file);
  if (at(at(json, "model"), "type") != "Unigram") return std::nullopt;
  Reader(json, path.string(), result).read();
  return result;
}

}  // namespace lowbit
