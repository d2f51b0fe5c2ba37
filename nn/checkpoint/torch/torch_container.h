#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/dtype.h"
#include "core/error.h"
#include "core/files/mapped_file.h"
#include "nn/checkpoint/torch/pickle.h"

namespace lowbit {

/// A file that torch.save wrote, mapped: a pickle and the storages that it refers to. Either container: the zip archive
/// (since PyTorch 1.6) or the stream of pickles before it; the still older tar is refused by name, as is TorchScript.
///
/// Errors (model), naming the file and the byte, entry or storage: those of read_zip and Pickle, none of the
/// containers, big-endian, a storage that is not there, of an unknown type or of another size than the pickle says; an
/// entry of the archive whose check sum is another (of a storage: when it is first asked for).
class TorchContainer {
 public:
  struct Storage {
    DType dtype = DType::f32;
    uint64_t size = 0;  ///< in bytes, as the pickle says
    std::span<const std::byte> bytes;
    uint32_t check_sum = 0;  ///< in an archive, until it has been compared; 0: none
  };

  explicit TorchContainer(const std::string& path);

  const PickleValue& root() const { return pickle_->root(); }
  /// Of a value of Kind::stored in this pickle.
  const Storage& storage(const PickleValue& stored);
  const MappedFile& file() const { return file_; }

 private:
  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::model, "import", "{}: {}", path_, fmt::format(format, std::forward<Args>(args)...));
  }
  void read_archive();
  void read_stream();
  void compare_check_sum(std::string_view name, std::span<const std::byte> bytes, uint32_t check_sum) const;
  void read_claims();
  void read_claim(const PickleValue& stored);

  std::string path_;
  MappedFile file_;
  std::optional<Pickle> pickle_;
  std::map<std::string_view, Storage> storages_;  // by key
};

}  // namespace lowbit
