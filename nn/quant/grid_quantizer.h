#pragma once

#include <memory>
#include <string>

#include "nn/quant/quantizer.h"
#include "nn/quant/scale_rule.h"

namespace lowbit {

/// Code book x scale rule x gradient rule. The one concrete quantizer: the methods of the papers are factories over it
/// (nn/quant/methods).
class GridQuantizer final : public Quantizer {
 public:
  struct Config {
    CodeBook book = CodeBook::int8;
    Granularity per = Granularity::row;
    ops::PassRule pass;  ///< gradient rule: which elements let the straight-through gradient pass
  };
  /// `description` is the recipe line that rebuilds this quantizer.
  GridQuantizer(const Config& config, std::unique_ptr<ScaleRule> rule, std::string description);

  Encoded encode(const Tensor& x) const override;
  QuantizerGrads backward(const Encoded& encoded, const Tensor& dq) const override;
  bool passes_all(const Encoded& encoded) const override {
    return !encoded.pass.defined() && rule_->constant_statistics() && !rule_->parameter();
  }
  CodeBook book() const override { return config_.book; }
  Granularity granularity() const override { return config_.per; }
  std::string describe() const override { return description_; }
  std::vector<Parameter*> parameters() override;
  void calibrate(const Tensor& x) override { rule_->calibrate(x); }
  bool calibrated() const override { return rule_->calibrated(); }
  void set_calibrated(bool on) override { rule_->set_calibrated(on); }

 private:
  Config config_;
  std::unique_ptr<ScaleRule> rule_;
  std::string description_;
};

}  // namespace lowbit
