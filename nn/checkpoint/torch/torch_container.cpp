#include "nn/checkpoint/torch/torch_container.h"

#include <algorithm>
#include <cstring>

#include "core/files/crc32.h"
#include "core/text.h"
#include "nn/checkpoint/torch/zip_file.h"

namespace lowbit {
namespace {

using Kind = PickleValue::Kind;

constexpr std::string_view kZip = "PK\x03\x04";
/// Pickle of torch's magic number, 0x1950a86a20f9469cfc6c.
constexpr std::string_view kStream = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";
constexpr int64_t kStreamVersion = 1001;
constexpr std::string_view kTar = "ustar";
constexpr size_t kTarAt = 257;

struct StorageClass {
  std::string_view name;
  DType dtype;
};
constexpr StorageClass kClasses[] = {
    {"torch.FloatStorage", DType::f32},  {"torch.HalfStorage", DType::f16}, {"torch.BFloat16Storage", DType::bf16},
    {"torch.DoubleStorage", DType::f64}, {"torch.LongStorage", DType::i64}, {"torch.IntStorage", DType::i32},
    {"torch.CharStorage", DType::i8},    {"torch.ByteStorage", DType::u8},  {"torch.BoolStorage", DType::u8},
};

/// The part of an archive's names before the first slash: the pickle's folder.
std::string top_folder(const ZipEntries& entries) {
  const std::string& name = entries.begin()->first;
  return name.substr(0, name.find('/') + 1);
}

}  // namespace

TorchContainer::TorchContainer(const std::string& path) : path_(path), file_(path, ErrorKind::model) {
  const std::string_view text = file_.text();
  if (text.starts_with(kZip))
    read_archive();
  else if (text.starts_with(kStream))
    read_stream();
  else if (text.size() > kTarAt && text.substr(kTarAt).starts_with(kTar))
    refuse("a tar archive, as the first releases of PyTorch wrote; load it and save it with a later one");
  else
    refuse("no file that torch.save wrote: neither its zip archive nor its stream of pickles");
}

const TorchContainer::Storage& TorchContainer::storage(const PickleValue& stored) {
  const std::string_view key = stored.items[0]->items[2]->text;
  Storage& storage = storages_.at(key);
  if (storage.check_sum != 0) compare_check_sum(fmt::format("data/{}", key), storage.bytes, storage.check_sum);
  storage.check_sum = 0;
  return storage;
}

/// By pieces that are let go of, so that the file does not count as memory of the process.
void TorchContainer::compare_check_sum(std::string_view name, std::span<const std::byte> bytes,
                                       uint32_t check_sum) const {
  if (check_sum == 0) return;
  constexpr size_t kPiece = size_t{16} << 20;
  uint32_t sum = 0;
  for (size_t at = 0; at < bytes.size(); at += kPiece) {
    const auto piece = bytes.subspan(at, std::min(kPiece, bytes.size() - at));
    sum = crc32(piece, sum);
    file_.release(piece);
  }
  if (sum != check_sum)
    refuse("entry {} has check sum {:08x}, the archive says {:08x}: the file is damaged", quoted_name(name), sum,
           check_sum);
}

void TorchContainer::read_archive() {
  const ZipEntries entries = read_zip(path_, file_.bytes());
  if (entries.empty()) refuse("an empty zip archive");
  const std::string folder = top_folder(entries);
  const auto find = [&](const std::string& name) { return entries.find(folder + name); };
  if (find("constants.pkl") != entries.end()) refuse("holds a TorchScript program, which is not run here");
  if (const auto order = find("byteorder"); order != entries.end()) {
    const auto bytes = order->second.bytes;
    if (std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()) != "little")
      refuse("the numbers are not little-endian");
  }
  const auto pickle = find("data.pkl");
  if (pickle == entries.end()) refuse("no entry {} in the zip archive", quoted_name(folder + "data.pkl"));
  const auto& [bytes, check_sum] = pickle->second;
  compare_check_sum(pickle->first, bytes, check_sum);
  pickle_.emplace(bytes, path_ + " (" + quoted_name(pickle->first) + ")");
  if (pickle_->end() != bytes.size()) refuse("bytes follow the end of the pickle");
  read_claims();
  for (auto& [key, storage] : storages_) {
    const auto data = find("data/" + std::string(key));
    if (data == entries.end())
      refuse("no entry {} in the zip archive", quoted_name(folder + "data/" + std::string(key)));
    if (data->second.bytes.size() != storage.size)
      refuse("entry {} has {} bytes, the pickle says {}", quoted_name(data->first), data->second.bytes.size(),
             storage.size);
    storage.bytes = data->second.bytes;
    storage.check_sum = data->second.check_sum;
  }
}

/// Magic number, version, system, object, list of keys; then for each key a count (i64) and its elements.
void TorchContainer::read_stream() {
  const std::span<const std::byte> bytes = file_.bytes();
  const Pickle version(bytes, path_, kStream.size());
  if (version.root().integer != kStreamVersion)
    refuse("version {} of torch's stream of pickles", version.root().integer);
  const Pickle system(bytes, path_, version.end());
  const std::vector<const PickleValue*>& items = system.root().items;
  for (size_t i = 0; i + 1 < items.size(); i += 2)
    if (items[i]->text == "little_endian" && items[i + 1]->integer == 0) refuse("the numbers are not little-endian");
  pickle_.emplace(bytes, path_, system.end());
  read_claims();
  const Pickle keys(bytes, path_, pickle_->end());
  size_t at = keys.end();
  for (const PickleValue* key : keys.root().items) {
    const auto found = storages_.find(key->text);
    if (!key->is(Kind::text) || found == storages_.end() || found->second.bytes.data())
      refuse("byte {}: storage {} is not referred to, or stands there twice", at, quoted_name(key->text));
    Storage& storage = found->second;
    uint64_t count = 0;
    if (bytes.size() - at < sizeof(count)) refuse("the file is cut off before storage {}", quoted_name(key->text));
    std::memcpy(&count, bytes.data() + at, sizeof(count));
    at += sizeof(count);
    if (count != storage.size / size_of(storage.dtype))
      refuse("storage {} has {} elements, the pickle says {}", quoted_name(key->text), count,
             storage.size / size_of(storage.dtype));
    if (bytes.size() - at < storage.size)
      refuse("storage {} of {} bytes is cut off after {}", quoted_name(key->text), storage.size, bytes.size() - at);
    storage.bytes = bytes.subspan(at, storage.size);
    at += storage.size;
  }
  for (const auto& [key, storage] : storages_)
    if (!storage.bytes.data()) refuse("storage {} is not there", quoted_name(key));
  if (at != bytes.size()) refuse("{} bytes at the end belong to no storage", bytes.size() - at);
}

void TorchContainer::read_claims() {
  for (const PickleValue& value : pickle_->values())
    if (value.is(Kind::stored)) read_claim(value);
}

/// ("storage", class, key, location, elements), in the stream also what it is a view of: None.
void TorchContainer::read_claim(const PickleValue& stored) {
  const PickleValue& identity = *stored.items[0];
  const auto& items = identity.items;
  const bool fits = identity.is(Kind::tuple) && (items.size() == 5 || items.size() == 6) && items[0]->is(Kind::text) &&
                    items[0]->text == "storage" && items[1]->is(Kind::global) && items[2]->is(Kind::text) &&
                    items[4]->is(Kind::integer) && items[4]->integer >= 0;
  if (!fits) refuse("the pickle refers to a storage in a form that torch.save does not write");
  const std::string_view key = items[2]->text;
  if (items.size() == 6 && !items[5]->is(Kind::none)) refuse("storage {} is a view of another", quoted_name(key));
  const auto* const known = std::find_if(std::begin(kClasses), std::end(kClasses),
                                         [&](const StorageClass& row) { return row.name == items[1]->text; });
  if (known == std::end(kClasses))
    refuse("storage {} is of type {}, which is not read", quoted_name(key), items[1]->text);
  Storage storage{known->dtype, 0, {}};
  if (__builtin_mul_overflow(static_cast<uint64_t>(items[4]->integer), size_of(known->dtype), &storage.size))
    refuse("storage {} is said to have {} elements", quoted_name(key), items[4]->integer);
  const auto [place, first] = storages_.emplace(key, storage);
  if (!first && (place->second.dtype != storage.dtype || place->second.size != storage.size))
    refuse("storage {} is said to be of two types or sizes", quoted_name(key));
}

}  // namespace lowbit
