#pragma once

#include <cstdint>

namespace lowbit {

enum class ScheduleKind : uint8_t { fixed, linear, polynomial, cosine, inverse_sqrt, wsd, tri_stage, noam };

/// How `wsd` falls at the end; x runs from 0 to 1.
enum class DecayShape : uint8_t {
  linear,  ///< 1 - x
  cosine,  ///< (1 + cos(pi x)) / 2
  sqrt,    ///< 1 - sqrt(x)
};

/// What a schedule is asked for at the first update. With n updates done before:
///   fairseq  t = n; `fixed` alone warms up from 1 / warmup
///   hf       t = n: a warm-up from 0 makes the first update one of learning rate 0
///   plus1    t = n + 1 (llm.c, OpenNMT)
enum class ScheduleOffset : uint8_t { fairseq, hf, plus1 };

/// Numbers are counts of updates. Every kind but tri_stage and noam warms up linearly from warmup_init_lr.
struct ScheduleConfig {
  ScheduleKind kind = ScheduleKind::inverse_sqrt;
  ScheduleOffset offset = ScheduleOffset::fairseq;
  double lr = 5e-4;  ///< the peak; noam: the factor
  int64_t warmup = 0;
  double warmup_init_lr = 0;
  int64_t total = 0;      ///< linear, polynomial, cosine, wsd: the end of the fall
  double min_lr = 0;      ///< linear, polynomial, cosine, wsd: kept after `total`
  double power = 1;       ///< polynomial
  int64_t cycles = 1;     ///< cosine: falls from lr to min_lr; more than one is hard restarts
  int64_t timescale = 0;  ///< inverse_sqrt: 0 means `warmup`; lr / sqrt(1 + (t - warmup) / timescale)
  int64_t decay = 0;      ///< wsd: length of the last part; tri_stage: of the exponential part
  DecayShape decay_shape = DecayShape::linear;  ///< wsd
  int64_t hold = 0;                             ///< tri_stage: length of the flat part
  double init_lr_scale = 0.01;                  ///< tri_stage: warm-up begins at init_lr_scale * lr
  double final_lr_scale = 0.01;                 ///< tri_stage: ends at final_lr_scale * lr
  int64_t model_dim = 0;                        ///< noam: lr * model_dim^-0.5 * min(t^-0.5, t * warmup^-1.5)
};

/// The learning rate as a pure function of the number of successful updates, so a resumed run needs no state of it.
/// Sources: fairseq (inverse_sqrt, polynomial, tri_stage), Transformers (linear, cosine, wsd), Vaswani et al. 2017,
/// eq. 3 (noam). Unlike Transformers, cosine stays at min_lr after `total`.
class Schedule {
 public:
  /// ErrorKind::usage naming the key for numbers that do not fit the kind.
  explicit Schedule(const ScheduleConfig& config);
  double operator()(int64_t updates_done) const;

 private:
  ScheduleConfig config_;
};

}  // namespace lowbit
