#pragma once

#include <string>

#include "autograd/variable.h"

namespace lowbit {

/// What an optimizer may treat apart.
enum class ParameterKind : uint8_t {
  weight,     ///< matrices and tables: weight decay applies
  vector,     ///< biases and norms: no decay
  quantizer,  ///< learned scales and constraint vectors: no decay, a learning rate of their own
};

/// A trainable tensor with its name in the module that owns it; the full path comes from the tree.
struct Parameter {
  std::string name;
  Variable value;
  ParameterKind kind = ParameterKind::weight;
};

}  // namespace lowbit
