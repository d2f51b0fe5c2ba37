// SVCD's binary weight: rows in `groups` groups of floor(rows / groups); codes sign(w - mean of the group), no
// magnitude. The mean is part of the graph, so dw = g - mean of g over the group. Rows left over are zero and get no
// gradient.
#include <vector>

#include "nn/quant/rules/rules.h"

namespace lowbit {
namespace {

class GroupSignRule final : public ScaleRule {
 public:
  explicit GroupSignRule(int64_t groups) : groups_(groups) {}

  ops::Encoding encode(const Tensor& w, CodeBook, Granularity per, const ops::PassRule& pass) const override {
    LB_CHECK(per == Granularity::row, "quantizer", "group signs are kept by row");
    const Split split(w, groups_);
    std::vector<float> scale(static_cast<size_t>(split.rows), 0.0f), shift = scale;
    const Tensor means = split.group_means(w);
    for (int64_t r = 0; r < split.assigned(); ++r) {
      scale[static_cast<size_t>(r)] = 1;
      shift[static_cast<size_t>(r)] = means.data<float>()[r / split.rows_per_group];
    }
    return ops::encode_sign(w, per, Tensor::from({split.rows}, scale), Tensor::from({split.rows}, shift), pass);
  }

  bool constant_statistics() const override { return false; }
  Tensor through_statistics(Tensor dx) const override {
    const Split split(dx, groups_);
    const Tensor means = split.group_means(dx);
    Tensor dw = Tensor::empty(dx.shape());
    const float* in = dx.data<float>();
    float* out = dw.mutable_data<float>();
    for (int64_t r = 0; r < split.rows; ++r)
      for (int64_t c = 0; c < split.cols; ++c)
        out[r * split.cols + c] =
            r < split.assigned() ? in[r * split.cols + c] - means.data<float>()[r / split.rows_per_group] : 0.0f;
    return dw;
  }

 private:
  struct Split {
    Split(const Tensor& w, int64_t groups_wanted)
        : rows(w.shape().rows()), cols(w.shape().last()), groups(groups_wanted), rows_per_group(rows / groups) {
      LB_REQUIRE(rows_per_group > 0, ErrorKind::usage, "svcd_weight", "groups={} but the weight has {} rows", groups,
                 rows);
    }
    int64_t assigned() const { return groups * rows_per_group; }
    Tensor group_means(const Tensor& x) const {
      const Tensor grouped = x.reshape({rows, cols}).rows(0, assigned()).reshape({groups, rows_per_group * cols});
      return ops::group_stats(grouped, Granularity::row).mean;
    }
    int64_t rows, cols, groups, rows_per_group;
  };

  int64_t groups_;
};

}  // namespace

std::unique_ptr<ScaleRule> group_sign_rule(int64_t groups) { return std::make_unique<GroupSignRule>(groups); }

}  // namespace lowbit
