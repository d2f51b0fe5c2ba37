#pragma once

#include <map>
#include <string>
#include <variant>

#include "core/files/mapped_file.h"
#include "core/tensor.h"

namespace lowbit {

/// Types of variables, by the numbers that files have.
enum class Ct2Type : uint8_t { f32, i8, i16, i32, f16, bf16 };

/// What a model.bin of CTranslate2 holds. A variable is a tensor (f32, i8, i32, f16 or bf16), or a scalar of int16,
/// which no tensor here has.
struct Ct2Model {
  std::string spec;
  uint32_t revision = 0;
  std::map<std::string, std::variant<Tensor, int16_t>> variables;
  std::map<std::string, std::string> aliases;  ///< further names of variables
};

/// Writes the file whole or not at all. Errors (usage): a variable of 4 GiB or more, which the format cannot hold;
/// (data): cannot be written.
void save_ct2(const std::string& path, const Ct2Model& model);

/// A model.bin, mapped:
///   u32 6 | string spec | u32 revision | u32 n, n variables | u32 n, n aliases
///   variable  string name | u8 rank | u32 extent ... | u8 type | u32 bytes | data      alias  string name | string of
///   string    u16 length with the 0 at its end | text | 0
/// Errors (model): another version, cut off, bytes left over, sizes that disagree, a name twice, an alias of nothing.
class Ct2File {
 public:
  struct Variable {
    Ct2Type type;
    Shape shape;
    std::span<const std::byte> bytes;
  };

  explicit Ct2File(const std::string& path);

  std::string spec;
  uint32_t revision = 0;
  std::map<std::string, Variable> variables;
  std::map<std::string, std::string> aliases;

 private:
  MappedFile file_;
};

/// Error (self_check) naming the first difference of what was written from what is read.
void verify_written(const Ct2Model& written, const Ct2File& read);

}  // namespace lowbit
