#include "nn/checkpoint/torch/pickle.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <unordered_map>

#include "core/error.h"
#include "core/text.h"
#include "nn/checkpoint/torch/pickle_globals.h"

namespace lowbit {
namespace {

using Value = PickleValue;
using Kind = PickleValue::Kind;

constexpr size_t kMaxBytes = size_t{16} << 20, kMaxValues = 1'000'000;
constexpr uint16_t kMaxDepth = 200;
constexpr int kMaxProtocol = 5;

/// pickletools' names of the opcodes that are not read here. 0x97 and 0x98 are of protocol 5, 0x92 of 4, the others of
/// 2 and before, which later protocols keep.
constexpr std::pair<unsigned char, std::string_view> kUnread[] = {{0x82, "EXT1"},
                                                                  {0x83, "EXT2"},
                                                                  {0x84, "EXT4"},
                                                                  {0x8b, "LONG4"},
                                                                  {0x92, "NEWOBJ_EX"},
                                                                  {0x97, "NEXT_BUFFER"},
                                                                  {0x98, "READONLY_BUFFER"},
                                                                  {'2', "DUP"},
                                                                  {'F', "FLOAT"},
                                                                  {'P', "PERSID"},
                                                                  {'S', "STRING"},
                                                                  {'V', "UNICODE"},
                                                                  {'i', "INST"},
                                                                  {'o', "OBJ"}};

/// "opcode 0x82 (EXT1)"; a byte that is none has no name.
std::string opcode_name(unsigned char opcode) {
  const auto* found = std::ranges::find(kUnread, opcode, &std::pair<unsigned char, std::string_view>::first);
  return fmt::format("opcode 0x{:02x}{}", opcode,
                     found == std::end(kUnread) ? "" : fmt::format(" ({})", found->second));
}

/// Pickle's stack machine over records.
class Machine {
 public:
  Machine(std::span<const std::byte> bytes, const std::string& where, size_t begin, std::deque<Value>& values)
      : where_(where), bytes_(bytes), values_(values), begin_(begin), at_(begin) {}

  const Value* run() {
    while (true) {
      opcode_at_ = at_;
      const auto opcode = static_cast<unsigned char>(take(1)[0]);
      if (opcode == '.') break;
      if (at_ - begin_ > kMaxBytes) refuse("the pickle has more than {} bytes", kMaxBytes);
      if (std::max({stack_.size(), marks_.size(), memo_.size()}) > kMaxValues) refuse_count();
      if (!constant(opcode) && !container(opcode) && !reference(opcode) && !record(opcode))
        refuse("{} is not read here", opcode_name(opcode));
    }
    if (stack_.size() != 1 || !marks_.empty()) refuse("the pickle ends with {} values, not 1", stack_.size());
    return stack_[0];
  }
  size_t position() const { return at_; }

 private:
  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::model, "import", "{}: byte {}: {}", where_, opcode_at_,
         fmt::format(format, std::forward<Args>(args)...));
  }

  [[noreturn]] void refuse_count() const { refuse("the pickle has more than {} values", kMaxValues); }

  // --- bytes ---

  std::string_view take(uint64_t count) {
    if (count > bytes_.size() - at_) refuse("the pickle is cut off");
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + at_, count);
    at_ += count;
    return text;
  }
  /// Little endian, `width` bytes.
  uint64_t take_number(size_t width) {
    const std::string_view text = take(width);
    uint64_t value = 0;
    for (size_t i = 0; i < width; ++i) value |= uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
    return value;
  }
  std::string_view take_line() {
    const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + at_, bytes_.size() - at_);
    const size_t length = rest.find('\n');
    if (length == std::string_view::npos) refuse("the pickle is cut off");
    at_ += length + 1;
    return rest.substr(0, length);
  }
  int64_t decimal(std::string_view text) const {
    int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size())
      refuse("{} is no integer of 64 bits", quoted_name(text));
    return value;
  }

  // --- stack ---

  Value* make(Kind kind) {
    if (values_.size() >= kMaxValues) refuse_count();
    Value* value = &values_.emplace_back();
    value->kind = kind;
    return value;
  }
  Value* push(Kind kind) {
    stack_.push_back(make(kind));
    return stack_.back();
  }
  void push_integer(int64_t integer, Kind kind = Kind::integer) { push(kind)->integer = integer; }
  void push_text(Kind kind, std::string_view text) { push(kind)->text = text; }
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Value* top() const {
    if (stack_.size() <= floor()) refuse("there is no value to take");
    return stack_.back();
  }
  Value* pop() {
    Value* value = top();
    stack_.pop_back();
    return value;
  }
  /// What stands above the last mark, which goes.
  std::vector<Value*> pop_marked() {
    if (marks_.empty()) refuse("there is no mark");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Value*> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }
  std::vector<Value*> pop_last(size_t count) {
    std::vector<Value*> items(count);
    for (size_t i = count; i-- > 0;) items[i] = pop();
    return items;
  }
  void add(Value* container, const Value* item) const {
    if (item->depth >= kMaxDepth) refuse("values are nested more than {} deep", kMaxDepth);
    container->depth = std::max<uint16_t>(container->depth, static_cast<uint16_t>(item->depth + 1));
    container->items.push_back(item);
  }
  void add_all(Value* container, const std::vector<Value*>& items) const {
    if (container->kind == Kind::dict && items.size() % 2 != 0) refuse("a key has no value");
    for (const Value* item : items) add(container, item);
  }
  Value* top_of(Kind kind, const char* what) const {
    if (!top()->is(kind)) refuse("the value that is added to is no {}", what);
    return top();
  }
  void push_holding(Kind kind, const std::vector<Value*>& items) { add_all(push(kind), items); }

  // --- opcodes, each named as in pickletools; false: not one of these ---

  bool constant(unsigned char opcode) {
    switch (opcode) {
      case 0x80:  // PROTO
        if (const uint64_t protocol = take_number(1); protocol > kMaxProtocol)
          refuse("protocol {}, at most {} is read", protocol, kMaxProtocol);
        return true;
      case 0x95:  // FRAME: a hint for reading ahead
        if (take_number(8) > bytes_.size() - at_) refuse("the pickle is cut off");
        return true;
      case 'N':
        return push(Kind::none), true;
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        return push_integer(opcode == 0x88, Kind::boolean), true;
      case 'J':  // BININT
        return push_integer(static_cast<int32_t>(take_number(4))), true;
      case 'K':  // BININT1
        return push_integer(static_cast<int64_t>(take_number(1))), true;
      case 'M':  // BININT2
        return push_integer(static_cast<int64_t>(take_number(2))), true;
      case 'I': {  // INT, in protocols 0 and 1 also a boolean
        const std::string_view line = take_line();
        const bool boolean = line == "00" || line == "01";
        return push_integer(decimal(line), boolean ? Kind::boolean : Kind::integer), true;
      }
      case 'L': {  // LONG: "7L"
        const std::string_view line = take_line();
        return push_integer(decimal(line.substr(0, line.size() - line.ends_with('L')))), true;
      }
      case 0x8a:  // LONG1
        return push_integer(take_long()), true;
      case 'G':  // BINFLOAT, big endian
        push(Kind::real)->real = std::bit_cast<double>(__builtin_bswap64(take_number(8)));
        return true;
      default:
        return text(opcode);
    }
  }

  int64_t take_long() {
    const uint64_t width = take_number(1);
    if (width > 8) refuse("an integer of {} bytes, at most 8 are read", width);
    const uint64_t unsigned_value = take_number(width);
    if (width == 0 || width == 8) return static_cast<int64_t>(unsigned_value);
    const auto shift = static_cast<unsigned>(64 - 8 * width);
    return static_cast<int64_t>(unsigned_value << shift) >> shift;
  }

  bool text(unsigned char opcode) {
    switch (opcode) {
      case 'X':  // BINUNICODE
      case 'T':  // BINSTRING, Python 2's
        return push_text(Kind::text, take(take_number(4))), true;
      case 0x8c:  // SHORT_BINUNICODE
      case 'U':   // SHORT_BINSTRING, Python 2's
        return push_text(Kind::text, take(take_number(1))), true;
      case 0x8d:  // BINUNICODE8
        return push_text(Kind::text, take(take_number(8))), true;
      case 'C':  // SHORT_BINBYTES
        return push_text(Kind::bytes, take(take_number(1))), true;
      case 'B':  // BINBYTES
        return push_text(Kind::bytes, take(take_number(4))), true;
      case 0x8e:  // BINBYTES8
      case 0x96:  // BYTEARRAY8
        return push_text(Kind::bytes, take(take_number(8))), true;
      default:
        return false;
    }
  }

  bool container(unsigned char opcode) {
    switch (opcode) {
      case '(':
        return marks_.push_back(stack_.size()), true;
      case ')':
        return push(Kind::tuple), true;
      case ']':
        return push(Kind::list), true;
      case '}':
        return push(Kind::dict), true;
      case 0x8f:  // EMPTY_SET
        return push(Kind::set), true;
      case 't':
        return push_holding(Kind::tuple, pop_marked()), true;
      case 'l':
        return push_holding(Kind::list, pop_marked()), true;
      case 'd':
        return push_holding(Kind::dict, pop_marked()), true;
      case 0x91:  // FROZENSET
        return push_holding(Kind::set, pop_marked()), true;
      case 0x85:  // TUPLE1 to TUPLE3
      case 0x86:
      case 0x87:
        return push_holding(Kind::tuple, pop_last(opcode - size_t{0x84})), true;
      case 'a':  // APPEND
        return append(Kind::list, "list", pop_last(1)), true;
      case 'e':  // APPENDS
        return append(Kind::list, "list", pop_marked()), true;
      case 's':  // SETITEM
        return append(Kind::dict, "dict", pop_last(2)), true;
      case 'u':  // SETITEMS
        return append(Kind::dict, "dict", pop_marked()), true;
      case 0x90:  // ADDITEMS
        return append(Kind::set, "set", pop_marked()), true;
      case '0':  // POP, which also takes a mark
        if (!marks_.empty() && stack_.size() == marks_.back())
          marks_.pop_back();
        else
          pop();
        return true;
      case '1':  // POP_MARK
        return pop_marked(), true;
      default:
        return false;
    }
  }
  void append(Kind kind, const char* what, const std::vector<Value*>& items) const {
    add_all(top_of(kind, what), items);
  }

  bool reference(unsigned char opcode) {
    switch (opcode) {
      case 'q':  // BINPUT
        return memo_[take_number(1)] = top(), true;
      case 'r':  // LONG_BINPUT
        return memo_[take_number(4)] = top(), true;
      case 'p':  // PUT
        return memo_[static_cast<uint64_t>(decimal(take_line()))] = top(), true;
      case 0x94:  // MEMOIZE
        return memo_[memo_.size()] = top(), true;
      case 'h':  // BINGET
        return recall(take_number(1)), true;
      case 'j':  // LONG_BINGET
        return recall(take_number(4)), true;
      case 'g':  // GET
        return recall(static_cast<uint64_t>(decimal(take_line()))), true;
      default:
        return false;
    }
  }
  void recall(uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) refuse("nothing was remembered as {}", key);
    stack_.push_back(found->second);
  }

  bool record(unsigned char opcode) {
    switch (opcode) {
      case 'c': {  // GLOBAL
        const std::string_view module = take_line();
        return push_global(module, take_line()), true;
      }
      case 0x93: {  // STACK_GLOBAL
        const std::vector<Value*> names = pop_last(2);
        if (!names[0]->is(Kind::text) || !names[1]->is(Kind::text)) refuse("the name of a global is no text");
        return push_global(names[0]->text, names[1]->text), true;
      }
      case 'R':   // REDUCE
      case 0x81:  // NEWOBJ
        return push_object(pop_last(2)), true;
      case 'b':  // BUILD
        return build(), true;
      case 'Q': {  // BINPERSID
        const Value* identity = pop();
        return add(push(Kind::stored), identity), true;
      }
      default:
        return false;
    }
  }

  void push_global(std::string_view module, std::string_view name) {
    constexpr size_t kShown = 100;
    const std::string_view known = known_pickle_global(module, name);
    if (known.empty())
      refuse("{} is not among the classes that are read here; nothing was called",
             quoted_name(fmt::format("{}.{}", module.substr(0, kShown), name.substr(0, kShown))));
    push_text(Kind::global, known);
  }

  /// Containers can be added to afterwards; everything else is the global beside its arguments.
  void push_object(const std::vector<Value*>& call) {
    if (!call[0]->is(Kind::global)) refuse("what is called is no class");
    if (!call[1]->is(Kind::tuple)) refuse("the arguments of {} are no tuple", call[0]->text);
    const std::string_view global = call[0]->text;
    const bool dict = global == "collections.OrderedDict" || global == "builtins.dict";
    if (global == "collections.defaultdict" || (dict && call[1]->items.empty())) {
      push(Kind::dict);
    } else {
      if (dict) refuse("{} with arguments is not read here", global);
      push_holding(Kind::object, call);
    }
  }

  /// The state of an object; attributes of a dict (such as _metadata) are nothing that is asked for.
  void build() {
    const Value* state = pop();
    Value* target = top();
    if (target->is(Kind::dict)) return;
    if (!target->is(Kind::object) || target->items.size() != 2) refuse("the value that is given a state takes none");
    add(target, state);
  }

  const std::string& where_;
  std::span<const std::byte> bytes_;
  std::deque<Value>& values_;
  std::vector<Value*> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, Value*> memo_;
  size_t begin_, at_, opcode_at_ = 0;
};

}  // namespace

const PickleValue* PickleValue::value_of(std::string_view key) const {
  if (kind != Kind::dict) return nullptr;
  for (size_t i = items.size(); i >= 2; i -= 2)
    if (items[i - 2]->is(Kind::text) && items[i - 2]->text == key) return items[i - 1];
  return nullptr;
}

Pickle::Pickle(std::span<const std::byte> bytes, const std::string& where, size_t begin) {
  LB_CHECK(begin <= bytes.size(), "import", "{}: a pickle at byte {} of {}", where, begin, bytes.size());
  Machine machine(bytes, where, begin, values_);
  root_ = machine.run();
  end_ = machine.position();
}

}  // namespace lowbit
