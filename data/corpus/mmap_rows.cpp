#include "data/corpus/mmap_rows.h"

#include <cstring>

#include "core/error.h"
#include "core/files/mapped_file.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic("MMIDIDX\0\0", 9), kOldMagic("TNTIDX\0\0", 8);
constexpr size_t kHeaderBytes = 26, kVersionAt = 9, kTypeAt = 17, kCountAt = 18;
constexpr size_t kItemBytes = sizeof(int32_t) + sizeof(int64_t);

template <class T>
T number_at(std::span<const std::byte> bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

/// One pair of files; every failure names one of them.
class Reader {
 public:
  Reader(const fs::path& stem, int64_t vocab)
      : index_path_(stem.string() + ".idx"),
        tokens_path_(stem.string() + ".bin"),
        index_(index_path_),
        tokens_(tokens_path_),
        vocab_(vocab) {}

  TokenRows read() {
    read_header();
    switch (number_at<uint8_t>(index_.bytes(), kTypeAt)) {
      case 1:
        return read_items<uint8_t>();
      case 2:
        return read_items<int8_t>();
      case 3:
        return read_items<int16_t>();
      case 4:
        return read_items<int32_t>();
      case 5:
        return read_items<int64_t>();
      case 8:
        return read_items<uint16_t>();
      case 9:
        return read_items<uint32_t>();
      case 10:
        return read_items<uint64_t>();
      default:
        refuse("type {} of tokens: only integers are ids", number_at<uint8_t>(index_.bytes(), kTypeAt));
    }
  }

 private:
  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::data, "fairseq", "{}: {}", index_path_, fmt::format(format, std::forward<Args>(args)...));
  }

  void read_header() {
    const std::string_view text = index_.text();
    if (text.starts_with(kOldMagic))
      refuse("fairseq's older format TNTIDX is not read: run fairseq-preprocess with --dataset-impl mmap");
    if (!text.starts_with(kMagic)) refuse("no index of fairseq's format mmap: it does not open with MMIDIDX");
    if (text.size() < kHeaderBytes) refuse("the file is cut off");
    const auto version = number_at<uint64_t>(index_.bytes(), kVersionAt);
    if (version != 1) refuse("version {}, only 1 is read", version);
    count_ = number_at<uint64_t>(index_.bytes(), kCountAt);
    const size_t rest = text.size() - kHeaderBytes;
    if (count_ != rest / kItemBytes || rest % kItemBytes != 0)
      refuse("{} items are said to be there, the file has room for {}: it is cut off, or no such index", count_,
             rest / kItemBytes);
  }

  template <class T>
  TokenRows read_items() const {
    const std::span<const std::byte> tokens = tokens_.bytes();
    const size_t starts = kHeaderBytes + count_ * sizeof(int32_t);
    TokenRows rows;
    std::vector<int32_t> row;
    size_t at = 0;  // each item follows the one before it
    for (size_t item = 0; item < count_; ++item) {
      const auto length = number_at<int32_t>(index_.bytes(), kHeaderBytes + item * sizeof(int32_t));
      const auto begin = number_at<int64_t>(index_.bytes(), starts + item * sizeof(int64_t));
      if (length < 0 || std::cmp_not_equal(begin, at) || (tokens.size() - at) / sizeof(T) < static_cast<size_t>(length))
        refuse("item {} is said to be {} tokens from byte {} of {}, where it would follow at {} of {}", item, length,
               begin, tokens_path_, at, tokens.size());
      row.clear();
      for (; row.size() < static_cast<size_t>(length); at += sizeof(T)) {
        const auto id = number_at<T>(tokens, at);
        if (!std::in_range<int32_t>(id) || std::cmp_less(id, 0) || std::cmp_greater_equal(id, vocab_))
          refuse("item {} holds id {}, outside the vocabulary of {}", item, +id, vocab_);
        row.push_back(static_cast<int32_t>(id));
      }
      rows.append(row);
    }
    if (at != tokens.size()) refuse("{} bytes of {} belong to no item", tokens.size() - at, tokens_path_);
    return rows;
  }

  std::string index_path_, tokens_path_;
  MappedFile index_, tokens_;
  int64_t vocab_;
  uint64_t count_ = 0;
};

}  // namespace

TokenRows read_mmap_rows(const fs::path& stem, int64_t vocab) { return Reader(stem, vocab).read(); }

}  // namespace lowbit
