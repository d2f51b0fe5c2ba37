#include "nn/precision_policy.h"

namespace lowbit {

void store_matrices(Module& root, PrecisionPolicy policy) {
  const DType dtype = row_of(policy).matrices;
  root.each_parameter([&](const std::string&, Parameter& parameter) {
    if (parameter.kind != ParameterKind::weight || parameter.value.dtype() == dtype) return;
    parameter.value = Variable(parameter.value.value().to(dtype), parameter.value.requires_grad());
  });
}

}  // namespace lowbit
