#include "nn/checkpoint/torch/pickle_globals.h"

#include <algorithm>

namespace lowbit {
namespace {

/// What stands in files of weights, and beside them in the arguments that a trainer saved.
constexpr std::string_view kKnown[] = {
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state",
    "torch.FloatStorage",
    "torch.HalfStorage",
    "torch.BFloat16Storage",
    "torch.DoubleStorage",
    "torch.LongStorage",
    "torch.IntStorage",
    "torch.ShortStorage",
    "torch.CharStorage",
    "torch.ByteStorage",
    "torch.BoolStorage",
    "torch.Size",
    "torch.device",
    "torch.float32",
    "torch.float16",
    "torch.bfloat16",
    "torch.float64",
    "torch.int64",
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.Counter",
    "argparse.Namespace",
    "omegaconf.dictconfig.DictConfig",
    "omegaconf.listconfig.ListConfig",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    "numpy.ndarray",
    "numpy.dtype",
    "builtins.dict",
    "builtins.list",
    "builtins.tuple",
    "builtins.set",
    "builtins.frozenset",
    "builtins.int",
    "builtins.long",
    "builtins.float",
    "builtins.bool",
    "builtins.str",
    "builtins.bytes",
    "builtins.bytearray",
    "builtins.complex",
    "builtins.object",
    "copyreg._reconstructor",
    "_codecs.encode",
};

/// Packages of a trainer's own records, any class of which may stand beside the weights.
constexpr std::string_view kPackages[] = {"fairseq.*", "omegaconf.*", "typing.*"};

/// Whether a module is in the package of "fairseq.*".
bool belongs(std::string_view module, std::string_view package) {
  package.remove_suffix(2);
  return module.starts_with(package) && (module.size() == package.size() || module[package.size()] == '.');
}

}  // namespace

std::string_view known_pickle_global(std::string_view module, std::string_view name) {
  if (module == "__builtin__") module = "builtins";
  if (module == "copy_reg") module = "copyreg";
  const auto* const found = std::find_if(std::begin(kKnown), std::end(kKnown), [&](std::string_view known) {
    return known.size() == module.size() + 1 + name.size() && known.starts_with(module) &&
           known[module.size()] == '.' && known.ends_with(name);
  });
  if (found != std::end(kKnown)) return *found;
  for (const std::string_view package : kPackages)
    if (belongs(module, package)) return package;
  return {};
}

}  // namespace lowbit
