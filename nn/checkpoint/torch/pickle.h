#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lowbit {

/// One value of a pickle, as a record. A class or a function is its name; what a call of it would have made is the name
/// beside the arguments.
struct PickleValue {
  enum class Kind : uint8_t {
    none,
    boolean,
    integer,
    real,
    text,
    bytes,
    tuple,
    list,
    dict,
    set,
    global,
    object,
    stored
  };

  Kind kind = Kind::none;
  uint16_t depth = 0;     ///< of values within values
  int64_t integer = 0;    ///< of an integer or a boolean
  double real = 0;        ///< of a real
  std::string_view text;  ///< of a text or bytes: in the pickle. Of a global: "torch.FloatStorage"
  /// Of a tuple, list or set: what it holds. Of a dict: key, value, key, value. Of an object: the global, its arguments
  /// (a tuple) and, if there is one, its state. Of something stored outside the pickle (a storage): its identity.
  std::vector<const PickleValue*> items;

  bool is(Kind other) const { return kind == other; }
  /// Whether this is what calling the global of that name would make.
  bool made_by(std::string_view global) const { return kind == Kind::object && items[0]->text == global; }
  /// What a dict holds under a text (the last such), or null, as for everything that is no dict.
  const PickleValue* value_of(std::string_view key) const;
  /// The state of an object, its attributes as a rule; null if it has none.
  const PickleValue* state() const { return kind == Kind::object && items.size() == 3 ? items[2] : nullptr; }
};

/// Reads one pickle without executing any of it: no global is ever looked up, called or imported, and only those of a
/// fixed list may be named at all (pickle_globals.h). Values refer to each other by address and are owned here, so that
/// cycles and repeated references cost nothing.
///
/// Opcodes: those that Python's picklers write in protocols 1 to 5 (and 0, its quoted strings aside), without extension
/// codes, persistent identities in text, instances of old-style classes, keyword constructors and out-of-band buffers.
///
/// Errors (model), naming `where` and the byte: the first opcode or global that is refused, a pickle that is cut off or
/// does not fit together, an integer beyond 64 bits, more than a million values or 16 MB, values nested 200 deep.
/// Memory: about 70 bytes for each value.     Source: the documentation in Python's pickletools
class Pickle {
 public:
  /// Begins at byte `begin` of `bytes`, which must outlive this.
  Pickle(std::span<const std::byte> bytes, const std::string& where, size_t begin = 0);

  Pickle(const Pickle&) = delete;
  Pickle& operator=(const Pickle&) = delete;

  const PickleValue& root() const { return *root_; }
  /// Every value, in the order in which they were met.
  const std::deque<PickleValue>& values() const { return values_; }
  /// The byte after the last.
  size_t end() const { return end_; }

 private:
  std::deque<PickleValue> values_;
  const PickleValue* root_ = nullptr;
  size_t end_ = 0;
};

}  // namespace lowbit
