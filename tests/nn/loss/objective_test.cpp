#include "nn/loss/objective.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "autograd/grad_mode.h"

namespace lowbit {
namespace {

constexpr int64_t kBatch = 2, kSource = 5, kTarget = 4;
constexpr int64_t kSourceLength[kBatch] = {5, 3}, kTargetLength[kBatch] = {2, 4};

TransformerConfig small() {
  TransformerConfig config = transformer_preset("tiny");
  config.dropout = config.attention_dropout = config.activation_dropout = 0;
  return config;
}

/// Two sentences of different lengths with `more` columns of padding behind.
Seq2SeqBatch ragged(const TransformerConfig& config, int64_t more = 0) {
  Seq2SeqBatch batch;
  const auto fill = [&](int64_t width, const int64_t(&lengths)[kBatch], int32_t salt, Tensor& ids, Tensor* visible) {
    std::vector<int32_t> tokens(static_cast<size_t>(kBatch * (width + more)), config.pad);
    std::vector<uint8_t> seen(tokens.size(), 0);
    for (int64_t b = 0; b < kBatch; ++b)
      for (int64_t t = 0; t < lengths[b]; ++t) {
        const auto i = static_cast<size_t>(b * (width + more) + t);
        tokens[i] = static_cast<int32_t>(5 + (7 * b + 3 * t + salt) % 50);
        seen[i] = 1;
      }
    ids = Tensor::from({kBatch, width + more}, tokens);
    if (visible) *visible = Tensor::from({kBatch, width + more}, seen);
  };
  fill(kSource, kSourceLength, 1, batch.source, &batch.source_visible);
  fill(kTarget, kTargetLength, 2, batch.target_in, &batch.target_visible);
  fill(kTarget, kTargetLength, 3, batch.target_out, nullptr);
  batch.target_tokens = kTargetLength[0] + kTargetLength[1];
  return batch;
}

/// What both models compute, as plain numbers.
struct Outputs {
  StackTrace encoder, decoder;
  std::vector<float> logits;

  Outputs(Seq2Seq& model, const Seq2SeqBatch& batch) {
    const GradMode off(false);
    const EncoderOutput memory = model.encoder().forward(batch.source, batch.source_visible, {}, &encoder);
    const Variable states = model.decoder().forward(batch.target_in, memory, {}, &decoder);
    logits = model.logits(states, {}).value().to_vector<float>();
  }
};

std::vector<double> log_softmax(const float* logits, int64_t n, double temperature) {
  double sum = 0;
  for (int64_t v = 0; v < n; ++v) sum += std::exp(logits[v] / temperature);
  std::vector<double> out(static_cast<size_t>(n));
  for (int64_t v = 0; v < n; ++v) out[static_cast<size_t>(v)] = logits[v] / temperature - std::log(sum);
  return out;
}

/// The four terms by their definition, one number after the other.
class BruteForce {
 public:
  BruteForce(Seq2Seq& student, Seq2Seq& teacher, const Seq2SeqBatch& batch, const DistillationConfig& config)
      : student_(student, batch), teacher_(teacher, batch), batch_(batch), config_(config), model_(student.config()) {}

  std::map<std::string, double> terms() const {
    std::map<std::string, double> terms = output_terms();
    const double tokens = static_cast<double>(batch_.target_tokens);
    terms["hidden"] = config_.hidden * tokens *
                      (states(student_.encoder, teacher_.encoder, batch_.source_visible) +
                       states(student_.decoder, teacher_.decoder, batch_.target_visible));
    const Tensor &source = batch_.source_visible, &target = batch_.target_visible;
    terms["attention"] =
        config_.attention * tokens *
        (probabilities(student_.encoder.self_probs, teacher_.encoder.self_probs, source, source, false) +
         probabilities(student_.decoder.self_probs, teacher_.decoder.self_probs, target, target, true) +
         probabilities(student_.decoder.cross_probs, teacher_.decoder.cross_probs, target, source, false));
    return terms;
  }

 private:
  Outputs student_, teacher_;
  const Seq2SeqBatch& batch_;
  const DistillationConfig& config_;
  const TransformerConfig& model_;

  bool counts(const Tensor& visible, int64_t i) const {
    return config_.include_padding || visible.data<uint8_t>()[i] == 1;
  }

  std::map<std::string, double> output_terms() const {
    const int64_t vocab = model_.vocab;
    double task = 0, soft = 0, rows = 0;
    for (int64_t i = 0; i < batch_.target_visible.numel(); ++i) {
      const float *s = student_.logits.data() + i * vocab, *t = teacher_.logits.data() + i * vocab;
      if (batch_.target_visible.data<uint8_t>()[i]) {
        const std::vector<double> log_p = log_softmax(s, vocab, 1);
        const double spread = config_.smoothing / static_cast<double>(vocab - 1);
        double all = 0;
        for (const double p : log_p) all -= p;
        const auto answer = static_cast<size_t>(batch_.target_out.data<int32_t>()[i]);
        task -= (1 - config_.smoothing - spread) * log_p[answer];
        task += spread * all;
      }
      if (!counts(batch_.target_visible, i)) continue;
      ++rows;
      const std::vector<double> ours = log_softmax(s, vocab, config_.temperature),
                                theirs = log_softmax(t, vocab, config_.temperature);
      for (size_t v = 0; v < ours.size(); ++v)
        soft -= config_.temperature * config_.temperature * std::exp(theirs[v]) * ours[v];
    }
    return {{"task", config_.task * task},
            {"logits", config_.logits * static_cast<double>(batch_.target_tokens) * soft / rows}};
  }

  /// Sum over the states of a stack of their mean squared difference.
  double states(const StackTrace& s, const StackTrace& t, const Tensor& visible) const {
    EXPECT_EQ(s.hidden.size(), 3u);  // embeddings and two layers
    double total = 0;
    for (size_t layer = 0; layer < s.hidden.size(); ++layer) {
      const std::vector<float> a = s.hidden[layer].value().to_vector<float>(),
                               b = t.hidden[layer].value().to_vector<float>();
      double sum = 0, count = 0;
      for (size_t i = 0; i < a.size(); ++i)
        if (counts(visible, static_cast<int64_t>(i) / model_.dim)) sum += (a[i] - b[i]) * (a[i] - b[i]), ++count;
      total += sum / count;
    }
    return total;
  }

  /// The same of probabilities [B, H, Q, K], over the pairs where there can be one.
  double probabilities(const std::vector<Variable>& s, const std::vector<Variable>& t, const Tensor& queries,
                       const Tensor& keys, bool causal) const {
    EXPECT_EQ(s.size(), 2u);
    double total = 0;
    for (size_t layer = 0; layer < s.size(); ++layer) {
      const std::vector<float> a = s[layer].value().to_vector<float>(), b = t[layer].value().to_vector<float>();
      const int64_t q = queries.shape()[1], k = keys.shape()[1];
      double sum = 0, count = 0;
      for (size_t i = 0; i < a.size(); ++i) {
        const auto at = static_cast<int64_t>(i);
        const int64_t key = at % k, query = at / k % q, sentence = at / (k * q * model_.heads);
        if (!counts(queries, sentence * q + query) || !counts(keys, sentence * k + key) || (causal && key > query))
          continue;
        sum += (a[i] - b[i]) * (a[i] - b[i]), ++count;
      }
      total += sum / count;
    }
    return total;
  }
};

DistillationConfig every_term() {
  return {.task = 0.7, .logits = 1.3, .hidden = 0.5, .attention = 2, .smoothing = 0.1, .temperature = 2};
}

class Distillation : public ::testing::Test {
 protected:
  TransformerConfig config_ = small();
  Seq2Seq student_{config_, 1}, teacher_{config_, 2};
};

TEST_F(Distillation, TermsAreWhatTheirDefinitionSays) {
  for (const bool include_padding : {false, true}) {
    DistillationConfig config = every_term();
    config.include_padding = include_padding;
    const Seq2SeqBatch batch = ragged(config_);
    const std::map<std::string, double> expected = BruteForce(student_, teacher_, batch, config).terms();
    const LossSum loss = distillation_objective(student_, teacher_, batch, config, {});
    double sum = 0;
    ASSERT_EQ(loss.terms.size(), 4u);
    for (const auto& [name, value] : loss.terms) {
      EXPECT_NEAR(value, expected.at(name), 2e-5 * std::abs(expected.at(name))) << name << " " << include_padding;
      EXPECT_GT(value, 1e-3) << name;
      sum += value;
    }
    EXPECT_NEAR(loss.sum.value().item(), sum, 1e-5 * sum);
    EXPECT_EQ(loss.tokens, 6);
  }
}

TEST_F(Distillation, PaddingChangesItOnlyInTheReleasedReading) {
  DistillationConfig config = every_term();
  const auto loss_with = [&](int64_t more) {
    return distillation_objective(student_, teacher_, ragged(config_, more), config, {}).sum.value().item();
  };
  EXPECT_NEAR(loss_with(3), loss_with(0), 1e-5 * loss_with(0));
  config.include_padding = true;
  EXPECT_GT(std::abs(loss_with(3) - loss_with(0)), 1e-2 * loss_with(0));
}

TEST_F(Distillation, ATermWithoutWeightIsNotThere) {
  DistillationConfig config = every_term();
  config.hidden = config.attention = 0;
  for (const auto& [name, value] : distillation_objective(student_, teacher_, ragged(config_), config, {}).terms)
    EXPECT_TRUE(name == "task" || name == "logits") << name << " " << value;
  config.task = 0;
  const LossSum loss = distillation_objective(student_, teacher_, ragged(config_), config, {});
  EXPECT_EQ(loss.terms.front(), std::make_pair(std::string("task"), 0.0));
  EXPECT_GT(loss.nll, 0) << "the references are scored all the same";
}

/// Along the gradient the loss rises by the gradient's length: a central difference.
TEST_F(Distillation, GradientIsTheSlope) {
  const Seq2SeqBatch batch = ragged(config_);
  const DistillationConfig config = every_term();
  distillation_objective(student_, teacher_, batch, config, {}).sum.backward();
  std::vector<std::pair<Variable, std::vector<float>>> parameters;  // and their gradients
  double square = 0;
  student_.each_parameter([&](const std::string&, Parameter& p) {
    parameters.emplace_back(p.value, p.value.grad().to_vector<float>());
    for (const float g : parameters.back().second) square += static_cast<double>(g) * g;
  });
  const double length = std::sqrt(square);
  const auto loss_after = [&](double step) {
    for (auto& [parameter, gradient] : parameters) {
      float* value = parameter.mutable_value().mutable_data<float>();
      for (size_t i = 0; i < gradient.size(); ++i) value[i] += static_cast<float>(step * gradient[i] / length);
    }
    return static_cast<double>(distillation_objective(student_, teacher_, batch, config, {}).sum.value().item());
  };
  constexpr double kStep = 2e-3;
  const double above = loss_after(kStep), below = loss_after(-2 * kStep);
  EXPECT_NEAR((above - below) / (2 * kStep), length, 0.01 * length);
}

}  // namespace
}  // namespace lowbit
