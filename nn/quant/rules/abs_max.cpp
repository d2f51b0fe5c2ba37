// Dynamic symmetric scale: the 8-bit activations of TernaryBERT (Zhang et al. 2020, arXiv:2009.12812) and of TBT's A8
// rows with clip 2.5 and one scale a tensor; BitNet b1.58's with one scale a token and a floor of 1e-5.
#include "nn/quant/rules/rules.h"

namespace lowbit {
namespace {

class AbsMaxRule final : public ScaleRule {
 public:
  AbsMaxRule(float clip, float floor) : clip_(clip), floor_(floor) {}

  ops::Encoding encode(const Tensor& x, CodeBook book, Granularity per, const ops::PassRule& pass) const override {
    return ops::encode_absmax(x, book, per, pass, clip_, floor_);
  }

 private:
  float clip_, floor_;
};

}  // namespace

std::unique_ptr<ScaleRule> abs_max_rule(float clip, float floor) { return std::make_unique<AbsMaxRule>(clip, floor); }

}  // namespace lowbit
