#include "nn/loss/objective.h"

#include <algorithm>

#include "autograd/chunked.h"
#include "autograd/functions/elementwise.h"
#include "autograd/functions/loss.h"
#include "autograd/functions/shape.h"
#include "autograd/grad_mode.h"
#include "core/error.h"

namespace lowbit {
namespace {

/// Rows per chunk: chunks of one size, whose logits stay below 64 MB. Each chunk reads the whole table and adds to the
/// gradient of it, so few are better.
int64_t chunk_rows(int64_t rows, int64_t vocab) {
  const int64_t most = std::max<int64_t>(64, (int64_t{1} << 24) / vocab);
  const int64_t chunks = std::max<int64_t>(1, (rows + most - 1) / most);
  return std::max<int64_t>(1, (rows + chunks - 1) / chunks);
}

/// [B, T, D] -> [B*T, D].
Variable as_rows(const Variable& states) { return reshape(states, {states.shape().rows(), states.shape().last()}); }

std::vector<Variable> output_parameters(Seq2Seq& model) {
  std::vector<Variable> parameters;
  const auto collect = [&](const std::string&, Parameter& p) { parameters.push_back(p.value); };
  model.embed_tokens().each_parameter(collect);
  model.output_projection().each_parameter(collect);
  return parameters;
}

/// The rows that a comparison counts: `visible`, or all of them in the compat reading.
Tensor counted_rows(const Tensor& visible, bool include_padding) {
  if (!include_padding) return visible;
  return Tensor::from(visible.shape(), std::vector<uint8_t>(static_cast<size_t>(visible.numel()), 1));
}

int64_t count(const Tensor& mask) {
  const uint8_t* m = mask.data<uint8_t>();
  return std::count(m, m + mask.numel(), uint8_t{1});
}

/// Adds weighted terms; each arrives as a mean and leaves in units of a sum over target tokens.
class TermSum {
 public:
  explicit TermSum(LossSum& loss) : loss_(loss) {}

  /// sum / elements is the mean of this term.
  void add_mean(const std::string& name, double weight, const Variable& sum, double elements) {
    if (elements == 0) return;
    add_sum(name, scale(sum, weight * static_cast<double>(loss_.tokens) / elements));
  }

  void add_sum(const std::string& name, const Variable& term) {
    loss_.sum = loss_.sum.defined() ? add(loss_.sum, term) : term;
    const auto found =
        std::find_if(loss_.terms.begin(), loss_.terms.end(), [&](const auto& t) { return t.first == name; });
    if (found == loss_.terms.end())
      loss_.terms.emplace_back(name, term.value().item());
    else
      found->second += term.value().item();
  }

 private:
  LossSum& loss_;
};

/// Sum over pairs of layers of the MSE of attention probabilities over valid (query, key) pairs; masked keys hold exact
/// zeros on both sides, so only the count needs the mask.
void add_attention_terms(TermSum& terms, double weight, const std::vector<Variable>& student,
                         const std::vector<Variable>& teacher, const Tensor& query_rows, double valid_pairs) {
  for (size_t i = 0; i < student.size(); ++i) {
    const Variable& s = student[i];
    const Tensor& t = teacher[i].value();
    const int64_t heads = s.shape()[1], rows = s.shape()[0] * heads * s.shape()[2];
    Tensor mask = Tensor::empty({rows}, DType::u8);
    uint8_t* m = mask.mutable_data<uint8_t>();
    const uint8_t* q = query_rows.data<uint8_t>();
    const int64_t length = s.shape()[2];
    for (int64_t r = 0; r < rows; ++r) m[r] = q[r / (heads * length) * length + r % length];
    terms.add_mean("attention", weight, masked_squared_error(s, t, mask), valid_pairs * static_cast<double>(heads));
  }
}

void add_hidden_terms(TermSum& terms, double weight, const std::vector<Variable>& student,
                      const std::vector<Variable>& teacher, const Tensor& rows) {
  for (size_t i = 0; i < student.size(); ++i) {
    terms.add_mean("hidden", weight, masked_squared_error(student[i], teacher[i].value(), rows),
                   static_cast<double>(count(rows) * student[i].shape().last()));
  }
}

/// Valid (query, key) pairs summed over the batch.
double pairs(const Tensor& query_rows, const Tensor& key_rows, bool causal) {
  const int64_t batch = query_rows.shape()[0], queries = query_rows.shape()[1], keys = key_rows.shape()[1];
  double total = 0;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t i = 0; i < queries; ++i) {
      if (!query_rows.data<uint8_t>()[b * queries + i]) continue;
      const int64_t reach = causal ? i + 1 : keys;
      for (int64_t j = 0; j < reach; ++j) total += key_rows.data<uint8_t>()[b * keys + j];
    }
  return total;
}

}  // namespace

LossSum cross_entropy_objective(Seq2Seq& model, const Seq2SeqBatch& batch, double smoothing,
                                const ForwardContext& ctx) {
  const EncoderOutput memory = model.encoder().forward(batch.source, batch.source_visible, ctx);
  const Variable states = as_rows(model.decoder().forward(batch.target_in, memory, ctx));
  const Tensor targets = batch.target_out.reshape({batch.target_out.numel()});
  LossSum loss;
  loss.tokens = batch.target_tokens;
  CrossEntropyStats stats;
  loss.sum = chunked_rows(states, chunk_rows(states.shape()[0], model.config().vocab), output_parameters(model),
                          [&](const Variable& rows, int64_t begin) {
                            CrossEntropyStats part;
                            const Variable sum =
                                cross_entropy(model.logits(rows, ctx), targets.rows(begin, begin + rows.shape()[0]),
                                              smoothing, model.config().pad, &part);
                            stats.nll_sum += part.nll_sum;
                            stats.correct += part.correct;
                            return sum;
                          });
  loss.nll = stats.nll_sum;
  loss.correct = stats.correct;
  loss.terms = {{"cross_entropy", loss.sum.value().item()}};
  return loss;
}

LossSum distillation_objective(Seq2Seq& student, Seq2Seq& teacher, const Seq2SeqBatch& batch,
                               const DistillationConfig& config, const ForwardContext& ctx) {
  LB_CHECK(student.config().encoder_layers == teacher.config().encoder_layers &&
               student.config().decoder_layers == teacher.config().decoder_layers,
           "distillation", "teacher and student differ in layers");
  StackTrace teacher_encoder, teacher_decoder, student_encoder, student_decoder;
  const bool layers = config.hidden != 0 || config.attention != 0;
  for (StackTrace* trace : {&teacher_encoder, &teacher_decoder, &student_encoder, &student_decoder})
    trace->with_probs = config.attention != 0;
  Variable teacher_states;
  {
    GradMode off(false);
    const EncoderOutput memory =
        teacher.encoder().forward(batch.source, batch.source_visible, {}, layers ? &teacher_encoder : nullptr);
    teacher_states =
        as_rows(teacher.decoder().forward(batch.target_in, memory, {}, layers ? &teacher_decoder : nullptr));
  }
  const EncoderOutput memory =
      student.encoder().forward(batch.source, batch.source_visible, ctx, layers ? &student_encoder : nullptr);
  const Variable states =
      as_rows(student.decoder().forward(batch.target_in, memory, ctx, layers ? &student_decoder : nullptr));

  LossSum loss;
  loss.tokens = batch.target_tokens;
  TermSum terms(loss);
  const Tensor targets = batch.target_out.reshape({batch.target_out.numel()});
  const Tensor source_rows = counted_rows(batch.source_visible, config.include_padding);
  const Tensor target_rows = counted_rows(batch.target_visible, config.include_padding);
  const Tensor logit_rows = target_rows.reshape({target_rows.numel()});
  const double logit_weight = config.logits * static_cast<double>(loss.tokens) / static_cast<double>(count(logit_rows));
  CrossEntropyStats stats;
  double task = 0, soft = 0;
  const Variable output = chunked_rows(
      states, chunk_rows(states.shape()[0], student.config().vocab), output_parameters(student),
      [&](const Variable& rows, int64_t begin) {
        const int64_t end = begin + rows.shape()[0];
        const Variable logits = student.logits(rows, ctx);
        CrossEntropyStats part;
        const Variable scored = config.task != 0 ? logits : logits.detach();  // without weight, for the statistics only
        Variable sum =
            scale(cross_entropy(scored, targets.rows(begin, end), config.smoothing, student.config().pad, &part),
                  config.task);
        task += sum.value().item();
        stats.nll_sum += part.nll_sum;
        stats.correct += part.correct;
        if (config.logits != 0) {
          Tensor reference;
          {
            GradMode off(false);
            reference = teacher.logits(Variable(teacher_states.value().rows(begin, end)), {}).value();
          }
          const Variable matched = scale(
              soft_cross_entropy(logits, reference, logit_rows.rows(begin, end), config.temperature), logit_weight);
          soft += matched.value().item();
          sum = add(sum, matched);
        }
        return sum;
      });
  loss.nll = stats.nll_sum;
  loss.correct = stats.correct;
  loss.sum = output;
  loss.terms = {{"task", task}, {"logits", soft}};
  if (config.hidden != 0) {
    add_hidden_terms(terms, config.hidden, student_encoder.hidden, teacher_encoder.hidden, source_rows);
    add_hidden_terms(terms, config.hidden, student_decoder.hidden, teacher_decoder.hidden, target_rows);
  }
  if (config.attention != 0) {
    add_attention_terms(terms, config.attention, student_encoder.self_probs, teacher_encoder.self_probs, source_rows,
                        pairs(source_rows, source_rows, false));
    add_attention_terms(terms, config.attention, student_decoder.self_probs, teacher_decoder.self_probs, target_rows,
                        pairs(target_rows, target_rows, true));
    add_attention_terms(terms, config.attention, student_decoder.cross_probs, teacher_decoder.cross_probs, target_rows,
                        pairs(target_rows, source_rows, false));
  }
  return loss;
}

}  // namespace lowbit
