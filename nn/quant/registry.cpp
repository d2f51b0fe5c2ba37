#include "nn/quant/registry.h"

#include <array>

#include "core/error.h"
#include "core/text.h"
#include "nn/quant/methods/methods.h"

namespace lowbit {
namespace {

struct Method {
  std::string_view name;
  std::unique_ptr<Quantizer> (*make)(Spec&);
};

constexpr std::array kMethods = {
    Method{"absmax", methods::absmax},
    Method{"minmax", methods::minmax},
    Method{"fixed", methods::fixed},
    Method{"elastic", methods::elastic},
    Method{"lsq", methods::lsq},
    Method{"tbt_weight", methods::tbt_weight},
    Method{"tbt_activation", methods::tbt_activation},
    Method{"tbt_probs", methods::tbt_probs},
    Method{"twn", methods::twn},
    Method{"bwn", methods::bwn},
    Method{"bitnet_b1", methods::bitnet_b1},
    Method{"bitnet_b158", methods::bitnet_b158},
    Method{"bitnet_activation", methods::bitnet_activation},
    Method{"svcd_weight", methods::svcd_weight},
};

}  // namespace

std::unique_ptr<Quantizer> make_quantizer(std::string_view text) {
  Spec spec(text);
  for (const Method& method : kMethods)
    if (method.name == spec.name()) return method.make(spec);
  fail(ErrorKind::usage, "recipe", "unknown quantizer {}{}", spec.name(), nearest_hint(spec.name(), quantizer_names()));
}

std::vector<std::string> quantizer_names() {
  std::vector<std::string> names;
  for (const Method& method : kMethods) names.emplace_back(method.name);
  return names;
}

}  // namespace lowbit
