#include "data/tokenizer/fairseq_dictionary.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/text.h"
#include "data/text/utf8.h"
#include "data/tokenizer/tokenizer.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOverwrite = " #fairseq:overwrite";
constexpr const char* kMask = "<mask>";

bool is_count(std::string_view text) {
  int64_t count = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), count);
  return code == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::vector<fs::path> FairseqDictionary::files(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename().string();
    if (name == kFile || (name.starts_with("dict.") && name.ends_with(".txt"))) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

fs::path FairseqDictionary::find(const fs::path& folder) {
  if (fs::exists(folder / kFile)) return folder / kFile;
  const std::vector<fs::path> found = files(folder);
  for (size_t i = 1; i < found.size(); ++i)
    LB_REQUIRE(read_tokenizer_file(found[i]) == read_tokenizer_file(found[0]), ErrorKind::model, "tokenizer",
               "{} differs from {}: a model has one table for both sides here, so both need one dictionary "
               "(fairseq-preprocess --joined-dictionary)",
               found[i].string(), found[0].filename().string());
  return found.empty() ? fs::path() : found[0];
}

FairseqDictionary::FairseqDictionary(const fs::path& path) : path_(path), text_(read_tokenizer_file(path)) {
  for (const char* symbol : {"<s>", "<pad>", "</s>", "<unk>"}) add(symbol);
  const std::string_view all = text_;
  for (size_t begin = 0; begin < all.size();) {
    const size_t end = std::min(all.find('\n', begin), all.size());
    std::string_view line = all.substr(begin, end - begin);
    begin = end + 1;
    ++lines_;
    const auto refuse = [&](const std::string& reason) {
      fail(ErrorKind::model, "tokenizer", "{}: line {}: {}", path.string(), lines_, reason);
    };
    if (find_invalid_utf8(line) != std::string_view::npos) refuse("no UTF-8");
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    const bool overwrite = line.ends_with(kOverwrite);
    if (overwrite) line.remove_suffix(kOverwrite.size());
    const size_t blank = line.rfind(' ');
    if (blank == std::string_view::npos || !is_count(line.substr(blank + 1)))
      refuse("a symbol, a blank and a count are needed");
    const std::string symbol(line.substr(0, blank));
    if (ids_.count(symbol) && !overwrite)
      refuse(fmt::format("{} stands there already, without #fairseq:overwrite", quoted_name(symbol)));
    add(symbol);
  }
}

void FairseqDictionary::fit(int64_t rows) {
  if (rows == size() + 1 && !has(kMask)) add(kMask);
}

void FairseqDictionary::add(std::string symbol) {
  ids_[symbol] = static_cast<int32_t>(symbols_.size());
  symbols_.push_back(std::move(symbol));
}

int32_t FairseqDictionary::id(std::string_view symbol) const {
  const auto found = ids_.find(std::string(symbol));
  return found == ids_.end() ? special_.unk : found->second;
}

}  // namespace lowbit
