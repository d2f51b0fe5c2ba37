#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nn/quant/quantizer.h"

namespace lowbit {

/// The quantizer that one recipe line asks for: "tbt_weight bits=2 per=row".
/// Errors: ErrorKind::usage for an unknown name or key, naming the nearest, and for values that do not fit.
std::unique_ptr<Quantizer> make_quantizer(std::string_view spec);

std::vector<std::string> quantizer_names();

}  // namespace lowbit
