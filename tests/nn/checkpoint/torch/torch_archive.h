#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace lowbit::test {

/// `width` bytes, little endian.
inline std::string little(uint64_t value, size_t width) {
  std::string bytes(width, '\0');
  for (size_t i = 0; i < std::min(width, sizeof(value)); ++i) bytes[i] = static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

/// One entry of a zip archive, and what its headers say of it where that is to be false.
struct ZipEntry {
  std::string name, data;
  uint16_t method = 0, flags = 0;
  int64_t size = -1, packed = -1, local = -1;  ///< -1: the truth
  std::string local_name = {};                 ///< empty: the same
  std::string extra = {};                      ///< fields in the directory
  uint32_t check_sum = 0;                      ///< 0: none was computed
};

/// A stored zip archive as torch writes it: sizes of zero in the local headers.
inline std::string zip_archive(const std::vector<ZipEntry>& entries) {
  std::string file, directory;
  for (const ZipEntry& entry : entries) {
    const uint64_t local = entry.local < 0 ? file.size() : static_cast<uint64_t>(entry.local);
    const uint64_t size = entry.size < 0 ? entry.data.size() : static_cast<uint64_t>(entry.size);
    const uint64_t packed = entry.packed < 0 ? size : static_cast<uint64_t>(entry.packed);
    const std::string& there = entry.local_name.empty() ? entry.name : entry.local_name;
    file += "PK\x03\x04" + little(20, 2) + little(entry.flags, 2) + little(entry.method, 2) + little(0, 16) +
            little(there.size(), 2) + little(0, 2) + there + entry.data;
    directory += "PK\x01\x02" + little(0, 4) + little(entry.flags, 2) + little(entry.method, 2) + little(0, 4) +
                 little(entry.check_sum, 4) + little(packed, 4) + little(size, 4) + little(entry.name.size(), 2) +
                 little(entry.extra.size(), 2) + little(0, 10) + little(local, 4) + entry.name + entry.extra;
  }
  const size_t at = file.size();
  return file + directory + "PK\x05\x06" + little(0, 4) + little(entries.size(), 2) + little(entries.size(), 2) +
         little(directory.size(), 4) + little(at, 4) + little(0, 2);
}

/// A file of torch.save with this pickle and one storage, of key 0.
inline std::string torch_archive(const std::string& pickle, const std::string& storage = "") {
  return zip_archive({{"m/data.pkl", pickle}, {"m/byteorder", "little"}, {"m/data/0", storage}});
}

inline void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// Pieces of pickles.
inline std::string pickled(const std::string& text) { return "X" + little(text.size(), 4) + text; }
inline std::string pickled(int64_t value) { return "\x8a\x08" + little(static_cast<uint64_t>(value), 8); }
inline std::string pickled(const std::vector<int64_t>& values) {
  std::string items;
  for (const int64_t value : values) items += pickled(value);
  return "(" + items + "t";
}

/// {"w": a tensor of these numbers over storage 0}
struct PickledTensor {
  std::string type = "FloatStorage";
  int64_t numel = 6, offset = 0;
  std::vector<int64_t> sizes = {2, 3}, strides = {3, 1};

  std::string str() const {
    return "\x80\x02}" + pickled("w") + "ctorch._utils\n_rebuild_tensor_v2\n((" + pickled("storage") + "ctorch\n" +
           type + "\n" + pickled("0") + pickled("cpu") + pickled(numel) + "tQ" + pickled(offset) + pickled(sizes) +
           pickled(strides) + "\x89" + "ccollections\nOrderedDict\n)RtRs.";
  }
};

}  // namespace lowbit::test
