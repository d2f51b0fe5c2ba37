#include "nn/quant/constraint.h"

#include <array>
#include <cmath>

#include "autograd/functions/elementwise.h"
#include "autograd/functions/norm.h"
#include "core/ops/elementwise.h"
#include "core/ops/reduce.h"
#include "core/text.h"
#include "nn/quant/registry.h"
#include "nn/quant/rescale.h"
#include "nn/quant/spec.h"

namespace lowbit {
namespace {

struct Place {
  int64_t width, fan_in;
  uint64_t seed;
};

Tensor ones(int64_t width) { return Tensor::from({width}, std::vector<float>(static_cast<size_t>(width), 1.0f)); }

Parameter vector_parameter(std::string name, Tensor value) {
  return {std::move(name), Variable(std::move(value), true), ParameterKind::quantizer};
}

/// fn in f32, rounded to the type of x afterwards.
template <class Fn>
Variable in_f32(const Variable& x, const Fn& fn) {
  if (x.dtype() == DType::f32) return fn(x);
  return cast(fn(cast(x, DType::f32)), x.dtype());
}

class Norm final : public Constraint {
 public:
  Norm(Spec& spec, bool centred, const Place& place)
      : text_(spec.text()), centred_(centred), eps_(spec.number("eps", 1e-5)) {
    parameters_.push_back(vector_parameter("weight", ones(place.width)));
    if (centred) parameters_.push_back(vector_parameter("bias", Tensor::zeros({place.width})));
  }
  Variable forward(const Variable& x, const ForwardContext&) override {
    return centred_ ? layer_norm(x, parameters_[0].value, parameters_[1].value, eps_)
                    : rms_norm(x, parameters_[0].value, eps_);
  }
  std::vector<Parameter*> parameters() override {
    std::vector<Parameter*> all;
    for (Parameter& parameter : parameters_) all.push_back(&parameter);
    return all;
  }
  std::string describe() const override { return text_; }

 private:
  std::string text_;
  bool centred_;
  double eps_;
  std::vector<Parameter> parameters_;
};

class VectorProduct final : public Constraint {
 public:
  VectorProduct(Spec& spec, const Place& place) : text_(spec.text()) {
    const bool uniform = spec.choice<bool>("init", {{"uniform", true}, {"ones", false}});
    const double bound = 1 / std::sqrt(static_cast<double>(place.fan_in));
    vector_ = vector_parameter("vector",
                               uniform ? random_uniform({place.width}, -bound, bound, place.seed) : ones(place.width));
  }
  Variable forward(const Variable& x, const ForwardContext&) override {
    return in_f32(x, [&](const Variable& wide) {
      const Tensor &value = wide.value(), &vector = vector_.value.value();
      return record("vector_product", ops::mul(value, vector), {wide, vector_.value},
                    [x = Saved(value), v = Saved(vector)](const Tensor& dy, GradSink& dx) {
                      if (dx.needs(0)) dx.add(0, ops::mul(dy, v.get()));
                      if (dx.needs(1)) dx.add(1, ops::column_sum(ops::mul(dy, x.get())));
                    });
    });
  }
  std::vector<Parameter*> parameters() override { return {&vector_}; }
  std::string describe() const override { return text_; }

 private:
  std::string text_;
  Parameter vector_;
};

enum class RescaleKind { token, time, published };

class Rescale final : public Constraint {
 public:
  Rescale(Spec& spec, RescaleKind kind, int64_t time_groups = 0)
      : text_(spec.text()), kind_(kind), time_groups_(time_groups) {}
  Variable forward(const Variable& y, const ForwardContext&) override {
    if (kind_ == RescaleKind::published) return rescale_as_published(y, time_groups_);
    return in_f32(y, [&](const Variable& wide) {
      return kind_ == RescaleKind::time ? rescale_by_time(wide, time_groups_) : rescale_by_token(wide);
    });
  }
  std::string describe() const override { return text_; }

 private:
  std::string text_;
  RescaleKind kind_;
  int64_t time_groups_;
};

/// Rounds and divides back: values on the grid of a quantizer.
class Rounding final : public Constraint {
 public:
  Rounding(Spec& spec, std::string_view quantizer) : text_(spec.text()) { slot_.assign(quantizer); }
  Variable forward(const Variable& y, const ForwardContext& context) override { return slot_(y, context); }
  std::vector<Parameter*> parameters() override { return slot_.parameters(); }
  std::string describe() const override { return text_; }

 private:
  std::string text_;
  QuantSlot slot_;
};

std::unique_ptr<Constraint> make_layer_norm(Spec& spec, const Place& place) {
  return std::make_unique<Norm>(spec, true, place);
}
std::unique_ptr<Constraint> make_rms_norm(Spec& spec, const Place& place) {
  return std::make_unique<Norm>(spec, false, place);
}
std::unique_ptr<Constraint> make_vector(Spec& spec, const Place& place) {
  return std::make_unique<VectorProduct>(spec, place);
}
std::unique_ptr<Constraint> make_svcd_output(Spec& spec, const Place&) {
  enum class Mode { int8, token, reference, published, none };
  const Mode mode = spec.choice<Mode>("mode", {{"per_token_int8", Mode::int8},
                                               {"per_token_rescale", Mode::token},
                                               {"reference_rescale_TxB", Mode::reference},
                                               {"public_bitlinear", Mode::published},
                                               {"none", Mode::none}});
  if (mode == Mode::none) return nullptr;
  if (mode == Mode::int8) return std::make_unique<Rounding>(spec, "absmax bits=8 per=token");
  if (mode == Mode::token) return std::make_unique<Rescale>(spec, RescaleKind::token);
  const int64_t groups = spec.integer("groups", 1);
  if (groups < 1) spec.fail_value("groups", std::to_string(groups), "at least 1");
  return std::make_unique<Rescale>(spec, mode == Mode::published ? RescaleKind::published : RescaleKind::time, groups);
}

struct Kind {
  std::string_view name;
  std::unique_ptr<Constraint> (*make)(Spec&, const Place&);
};
constexpr std::array kKinds = {Kind{"layer_norm", make_layer_norm}, Kind{"rms_norm", make_rms_norm},
                               Kind{"vector", make_vector}, Kind{"svcd_output", make_svcd_output}};

}  // namespace

void ConstraintSlot::assign(std::string_view text) {
  if (text == "none") {
    constraint_ = nullptr;
    return;
  }
  Spec spec(text);
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) {
    names.emplace_back(kind.name);
    if (kind.name != spec.name()) continue;
    constraint_ = kind.make(spec, {width_, fan_in_, seed_});
    spec.finish();
    return;
  }
  fail(ErrorKind::usage, "recipe", "unknown constraint {}{}", spec.name(), nearest_hint(spec.name(), names));
}

std::vector<Parameter*> ConstraintSlot::parameters() const {
  return constraint_ ? constraint_->parameters() : std::vector<Parameter*>{};
}

}  // namespace lowbit
