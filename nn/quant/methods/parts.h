#pragma once

#include <memory>

#include "nn/quant/grid_quantizer.h"
#include "nn/quant/rules/rules.h"
#include "nn/quant/spec.h"

/// Keys that several methods share.
namespace lowbit::methods {

/// Checks that every key was known, then builds. The description is the spec as written.
std::unique_ptr<Quantizer> build(const Spec& spec, CodeBook book, Granularity per, std::unique_ptr<ScaleRule> rule,
                                 const ops::PassRule& pass = {});

/// per=row (its alias is per=token) or per=tensor.
Granularity granularity(Spec& spec, Granularity fallback);
/// clip=C; without the key `fallback`. clip=inf is no clip.
float clip(Spec& spec, float fallback);
/// shift=min (nothing is returned) or a constant.
std::optional<float> shift(Spec& spec);
/// A code book by its width, the narrowest that the integer kernels know.
CodeBook signed_book(const Spec& spec, int64_t bits);
CodeBook unsigned_book(const Spec& spec, int64_t bits);

/// Gradient rules. dL/dx = G where ...
ops::PassRule inside_clip(float clip);                         ///< |x| < clip; everywhere when the clip is infinite
ops::PassRule on_grid(int low, int high, bool closed = true);  ///< low <= level <= high before rounding; open: <

}  // namespace lowbit::methods
