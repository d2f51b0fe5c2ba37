// TWN: ternary weight networks, Li et al. 2016, arXiv:1605.04711, as TernaryBERT uses them (clip 2.5 first).
// BWN: binary weight networks, Rastegari et al. 2016, arXiv:1603.05279; shift=mean is the reading of BiT and
// TBT, which takes the sign of W - mean(W) over the whole tensor but the magnitude of W.
#include "nn/quant/methods/methods.h"
#include "nn/quant/methods/parts.h"

namespace lowbit::methods {

std::unique_ptr<Quantizer> twn(Spec& spec) {
  const float limit = clip(spec, 2.5f);
  const Granularity per = granularity(spec, Granularity::tensor);
  return build(spec, CodeBook::ternary, per, twn_rule(limit), inside_clip(limit));
}

std::unique_ptr<Quantizer> bwn(Spec& spec) {
  const Granularity per = granularity(spec, Granularity::tensor);
  MeanAbsConfig config{
      .remove_mean = spec.choice<MeanRemoval>("shift", {{"none", MeanRemoval::none}, {"mean", MeanRemoval::codes}})};
  return build(spec, CodeBook::binary, per, mean_abs_rule(config));
}

}  // namespace lowbit::methods
