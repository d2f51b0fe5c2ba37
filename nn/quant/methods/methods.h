#pragma once

#include <memory>

#include "nn/quant/quantizer.h"
#include "nn/quant/spec.h"

/// The methods of the papers as factories over GridQuantizer; each takes its keys from the spec. docs/provenance.md
/// maps every name to paper and equation, and says which reading is which where paper and code differ.
namespace lowbit::methods {

// Uniform grids, uniform.cpp
std::unique_ptr<Quantizer> absmax(Spec& spec);
std::unique_ptr<Quantizer> minmax(Spec& spec);
std::unique_ptr<Quantizer> fixed(Spec& spec);
// Learned scales, learned.cpp
std::unique_ptr<Quantizer> elastic(Spec& spec);
std::unique_ptr<Quantizer> lsq(Spec& spec);
// Whole papers
std::unique_ptr<Quantizer> tbt_weight(Spec& spec);
std::unique_ptr<Quantizer> tbt_activation(Spec& spec);
std::unique_ptr<Quantizer> tbt_probs(Spec& spec);
std::unique_ptr<Quantizer> twn(Spec& spec);
std::unique_ptr<Quantizer> bwn(Spec& spec);
std::unique_ptr<Quantizer> bitnet_b1(Spec& spec);
std::unique_ptr<Quantizer> bitnet_b158(Spec& spec);
std::unique_ptr<Quantizer> bitnet_activation(Spec& spec);
std::unique_ptr<Quantizer> svcd_weight(Spec& spec);

}  // namespace lowbit::methods
