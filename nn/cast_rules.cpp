#include "nn/cast_rules.h"

#include "core/error.h"

namespace lowbit {

std::string described(Stored stored, const PolicyRow& policy) {
  switch (stored) {
    case Stored::site:
      return std::string(to_string(policy.activations));
    case Stored::matrices:
      return std::string(to_string(policy.matrices));
    case Stored::input:
      return "as input";
    case Stored::codes:
      return "i8 codes";
    case Stored::i32:
      return "i32";
    case Stored::f32:
      return "f32";
    case Stored::f64:
      return "f64";
  }
  fail(ErrorKind::internal, "cast rules", "{} is no storage", static_cast<int>(stored));
}

}  // namespace lowbit
