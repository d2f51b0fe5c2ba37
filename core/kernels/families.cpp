#include "core/kernels/families.h"

#include "core/kernels/attention.h"
#include "core/kernels/dropout.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/embedding.h"
#include "core/kernels/gemm.h"
#include "core/kernels/loss.h"
#include "core/kernels/norm.h"
#include "core/kernels/optimizer.h"
#include "core/kernels/pack.h"
#include "core/kernels/qgemm.h"
#include "core/kernels/quantize.h"
#include "core/kernels/reduce.h"
#include "core/kernels/softmax.h"

namespace lowbit {
namespace {

template <class Table>
KernelFamily family(std::string_view name, std::span<const Impl<Table>> rows) {
  KernelFamily found{name, {}};
  for (const Impl<Table>& row : rows) found.targets.push_back(row.target);
  return found;
}

}  // namespace

Target KernelFamily::chosen() const {
  Target best = targets.front();
  for (const Target target : targets)
    if (runs_here(target)) best = target;
  return best;
}

std::vector<KernelFamily> kernel_families() {
  return {family("attention", attention_impls()),
          family("dropout", dropout_impls()),
          family("elementwise", elementwise_impls()),
          family("embedding", embedding_impls()),
          family("gemm", gemm_impls()),
          family("loss", loss_impls()),
          family("norm", norm_impls()),
          family("optimizer", optimizer_impls()),
          family("pack", pack_impls()),
          family("qgemm", qgemm_impls()),
          family("quantize", quantize_impls()),
          family("reduce", reduce_impls()),
          family("softmax", softmax_impls())};
}

}  // namespace lowbit
