#include "nn/checkpoint/torch/torch_file.h"

#include "core/error.h"
#include "core/text.h"

namespace lowbit {
namespace {

using Kind = PickleValue::Kind;

/// The tensor of one name; every failure names the file and it.
class TensorReader {
 public:
  TensorReader(const std::string& path, TorchContainer& container, std::string_view name)
      : path_(path), container_(container), name_(name) {}

  StoredTensor read(const PickleValue& value) const {
    const PickleValue* tensor = &value;
    if (tensor->made_by("torch._utils._rebuild_parameter") ||
        tensor->made_by("torch._utils._rebuild_parameter_with_state"))
      tensor = argument(*tensor, 0, "tensor");
    if (!tensor->made_by("torch._utils._rebuild_tensor_v2") && !tensor->made_by("torch._utils._rebuild_tensor"))
      refuse("is no tensor; only a state dict is read, names with their tensors");
    const PickleValue* stored = argument(*tensor, 0, "storage");
    if (!stored->is(Kind::stored)) refuse("has no storage");
    const TorchContainer::Storage& storage = container_.storage(*stored);
    const PickleValue* offset = argument(*tensor, 1, "offset");
    if (!offset->is(Kind::integer) || offset->integer < 0) refuse("has an offset that is no count");
    return place(storage, offset->integer, counts(*argument(*tensor, 2, "size"), "sizes"),
                 counts(*argument(*tensor, 3, "strides"), "strides"));
  }

 private:
  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::model, "import", "{}: {} {}", path_, quoted_name(name_),
         fmt::format(format, std::forward<Args>(args)...));
  }

  const PickleValue* argument(const PickleValue& made, size_t index, const char* what) const {
    const PickleValue& arguments = *made.items[1];
    if (index >= arguments.items.size()) refuse("has no {}", what);
    return arguments.items[index];
  }

  /// A tuple of integers from 0, or torch.Size of one.
  std::vector<int64_t> counts(const PickleValue& value, const char* what) const {
    const PickleValue* tuple = &value;
    if (tuple->made_by("torch.Size")) tuple = argument(*tuple, 0, what);
    if (!tuple->is(Kind::tuple) || tuple->items.size() > size_t{Shape::kMaxRank})
      refuse("has {} that are no tuple of at most {}", what, int{Shape::kMaxRank});
    std::vector<int64_t> found;
    for (const PickleValue* item : tuple->items) {
      if (!item->is(Kind::integer) || item->integer < 0) refuse("has {} that are no counts", what);
      found.push_back(item->integer);
    }
    return found;
  }

  StoredTensor place(const TorchContainer::Storage& storage, int64_t offset, const std::vector<int64_t>& sizes,
                     std::vector<int64_t> strides) const {
    if (sizes.size() != strides.size()) refuse("has {} sizes and {} strides", sizes.size(), strides.size());
    int64_t elements = 1, last = offset;  // how many, and where the last one stands
    bool overflows = false, rows = true;  // rows: each after the other
    for (size_t axis = sizes.size(); axis-- > 0;) {
      if (sizes[axis] > 1) {
        int64_t way = 0;
        rows = rows && strides[axis] == elements;
        overflows = overflows || __builtin_mul_overflow(sizes[axis] - 1, strides[axis], &way) ||
                    __builtin_add_overflow(last, way, &last);
      }
      overflows = overflows || __builtin_mul_overflow(elements, sizes[axis], &elements);
    }
    if (overflows) refuse("has sizes that overflow");
    StoredTensor tensor{storage.dtype, Shape(std::span<const int64_t>(sizes)), {}, {}};
    if (elements == 0) return tensor;
    const size_t width = size_of(storage.dtype);
    const auto held = static_cast<int64_t>(storage.bytes.size() / width);
    if (last >= held) refuse("of shape {} reaches element {} of a storage of {}", tensor.shape.str(), last, held);
    tensor.bytes =
        storage.bytes.subspan(static_cast<size_t>(offset) * width, static_cast<size_t>(last - offset + 1) * width);
    if (!rows) tensor.strides = std::move(strides);
    return tensor;
  }

  const std::string& path_;
  TorchContainer& container_;
  std::string_view name_;
};

}  // namespace

TorchFile::TorchFile(const std::string& path, std::string_view key) : TensorFile(path), container_(path) {
  const PickleValue* state = key.empty() ? &root() : root().value_of(key);
  LB_REQUIRE(state && state->is(Kind::dict), ErrorKind::model, "import", "{}: no mapping of names to tensors{}", path,
             key.empty() ? "" : fmt::format(" under the key {}", quoted_name(key)));
  for (size_t i = 0; i < state->items.size(); i += 2) {
    const PickleValue &name = *state->items[i], &value = *state->items[i + 1];
    LB_REQUIRE(name.is(Kind::text), ErrorKind::model, "import", "{}: a name that is no text", path);
    const bool first = entries_.emplace(name.text, TensorReader(path, container_, name.text).read(value)).second;
    LB_REQUIRE(first, ErrorKind::model, "import", "{}: {} stands there twice", path, quoted_name(name.text));
  }
}

}  // namespace lowbit
