#include "autograd/chunked.h"

#include <algorithm>

#include "autograd/grad_mode.h"
#include "autograd/loss_scale.h"
#include "core/ops/copy.h"
#include "core/ops/elementwise.h"

namespace lowbit {
namespace {

/// Sets aside the gradients that variables hold, and gives them back: in between, they collect those of the chunks.
class GradShelf {
 public:
  explicit GradShelf(std::vector<Variable> variables) : variables_(std::move(variables)) {
    for (Variable& v : variables_) {
      earlier_.push_back(v.has_grad() ? v.grad() : Tensor());
      v.clear_grad();
    }
  }
  ~GradShelf() {
    for (size_t i = 0; i < variables_.size(); ++i) {
      variables_[i].clear_grad();
      if (earlier_[i].defined()) variables_[i].set_grad(earlier_[i]);
    }
  }
  GradShelf(const GradShelf&) = delete;
  GradShelf& operator=(const GradShelf&) = delete;

  /// What the chunks gave, in the order of the variables; undefined where nothing arrived.
  std::vector<Tensor> collected() const {
    std::vector<Tensor> grads;
    for (const Variable& v : variables_) grads.push_back(v.has_grad() ? v.grad() : Tensor());
    return grads;
  }

 private:
  std::vector<Variable> variables_;
  std::vector<Tensor> earlier_;
};

}  // namespace

Variable chunked_rows(const Variable& hidden, int64_t chunk, const std::vector<Variable>& parameters, const RowLoss& fn,
                      SourceLine at) {
  LB_CHECK(hidden.shape().rank() == 2 && chunk > 0, "chunked_rows",
           "needs hidden [N, D] and a positive chunk, got {} and {}", hidden.shape().str(), chunk);
  std::vector<Variable> trained;
  std::copy_if(parameters.begin(), parameters.end(), std::back_inserter(trained),
               [](const Variable& v) { return v.requires_grad(); });
  const bool backward = grad_enabled() && (hidden.requires_grad() || !trained.empty());
  const int64_t rows = hidden.shape()[0];
  const double scale = loss_scale();  // now, not when dy arrives: half gradients inside a chunk need it
  const GradShelf shelf(trained);
  std::vector<Tensor> hidden_grads;
  double total = 0;
  for (int64_t begin = 0; begin < rows; begin += chunk) {
    const Variable part(hidden.value().rows(begin, std::min(rows, begin + chunk)), backward && hidden.requires_grad());
    const Variable loss = fn(part, begin);
    total += loss.value().item();
    if (!backward) continue;
    if (loss.requires_grad()) loss.backward(ops::full(loss.shape(), scale, loss.dtype()));
    if (hidden.requires_grad())
      hidden_grads.push_back(part.has_grad() ? part.grad() : Tensor::zeros(part.shape(), compute_type(part.dtype())));
  }
  const Tensor sum =
      hidden.dtype() == DType::f64 ? Tensor::from<double>(Shape{}, {total}) : Tensor::scalar(static_cast<float>(total));
  if (!backward) return Variable(sum);
  std::vector<Variable> inputs = {hidden};
  inputs.insert(inputs.end(), trained.begin(), trained.end());
  std::vector<Tensor> grads = shelf.collected();
  grads.insert(grads.begin(), hidden_grads.empty() ? Tensor() : ops::concat(hidden_grads, 0));
  return record(
      "chunked_rows", sum, inputs,
      [grads = std::move(grads), scale](const Tensor& dy, GradSink& dx) mutable {
        for (size_t i = 0; i < grads.size(); ++i)
          if (grads[i].defined())
            dx.add(i, dy.item() == scale ? std::move(grads[i]) : ops::scale(grads[i], dy.item() / scale));
      },
      at);
}

}  // namespace lowbit
