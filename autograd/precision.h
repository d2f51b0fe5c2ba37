#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autograd/variable.h"
#include "core/glob.h"

namespace lowbit {

/// How the ops of one site store what they compute. They compute in f32 and round once, whatever the type.
struct SitePrecision {
  DType storage = DType::f32;
  int grad_exponent = 0;  ///< gradients of its results are held times 2^this on top of the loss scale
};

/// The storage of every site of a model: one type for all, and rules for some.
class Precision {
 public:
  explicit Precision(DType storage = DType::f32) : storage_(storage) {}

  /// For the modules whose path matches, and everything below them; `*` matches dots too, unlike in recipes. A later
  /// rule wins over an earlier one. Errors: a type that is not f32, f16 or bf16.
  void store(std::string_view pattern, DType storage);
  void scale_gradients(std::string_view pattern, int exponent);

  DType storage() const { return storage_; }
  SitePrecision at(std::string_view path) const;
  /// Patterns of rules that match none of `paths`.
  std::vector<std::string> unmatched(const std::vector<std::string>& paths) const;

 private:
  template <class Value>
  struct Rule {
    std::string pattern;
    Glob glob;
    Value value;
  };
  DType storage_;
  std::vector<Rule<DType>> storage_rules_;
  std::vector<Rule<int>> exponent_rules_;
};

/// While one lives, the ops of this thread store their results as the precision says for the module they run in.
/// Without one they keep the type of their inputs. f64 stays f64 (gradient checks), and scalars keep their type
/// (losses).
class PrecisionScope {
 public:
  explicit PrecisionScope(Precision precision);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  friend SitePrecision site_precision(DType given);
  Precision precision_;
  std::unordered_map<std::string, SitePrecision> known_;
  PrecisionScope* outer_;
};

/// Of the site that runs now, for values computed from type `given`.
SitePrecision site_precision(DType given);
inline DType storage_type(DType given) { return site_precision(given).storage; }
/// x in the storage type of the site that runs now: what functions do with their inputs.
Variable stored(const Variable& x, SourceLine at = SourceLine::here());

}  // namespace lowbit
