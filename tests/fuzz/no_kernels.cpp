#include <cstdlib>

#include "core/kernels/elementwise.h"

/// A reader computes nothing. Without the kernels a build of the fuzz targets takes a minute instead of half an hour.
namespace lowbit {

const ElementwiseKernels& elementwise_kernels(Device, DType) { std::abort(); }

}  // namespace lowbit
