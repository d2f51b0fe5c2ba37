#include "nn/checkpoint/gguf/gguf_export.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "nn/checkpoint/frozen_weights.h"
#include "nn/layer_norm.h"
#include "nn/model_state.h"

namespace lowbit {
namespace {

using formats::block_of;
using formats::GgmlType;

GgmlType wanted_type(CodeBook book, GgufTypes types) {
  switch (book) {
    case CodeBook::binary:
    case CodeBook::ternary:
      return types == GgufTypes::tq1_0 ? GgmlType::tq1_0 : GgmlType::tq2_0;
    case CodeBook::int4:
      return GgmlType::q4_0;
    case CodeBook::int8:
      return GgmlType::q8_0;
    default:
      fail(ErrorKind::internal, "export", "no weight has codes of {}", to_string(book));
  }
}

/// `wanted`, or what holds rows of that many codes instead.
GgmlType possible_type(GgmlType wanted, int64_t columns) {
  if (columns % block_of(wanted).values == 0) return wanted;
  return columns % 32 == 0 ? GgmlType::q4_0 : GgmlType::f32;
}

float row_scale(const QTensor& q, int64_t row) { return q.scale.data<float>()[q.per == Granularity::row ? row : 0]; }

/// Whether every scale stays a finite number other than zero.
bool fit_f16(const QTensor& q) {
  const std::vector<float> scales = q.scale.to_vector<float>();
  return std::all_of(scales.begin(), scales.end(), [](float scale) {
    const float half = to_float(to_f16(scale));
    return scale == 0 || (half != 0 && std::isfinite(half));
  });
}

std::span<const int8_t> row_codes(const QTensor& q, int64_t row) {
  return {q.codes.data<int8_t>() + row * q.shape()[1], static_cast<size_t>(q.shape()[1])};
}

class GgufBuilder {
 public:
  GgufBuilder(const FrozenWeights& weights, GgufTypes types) : weights_(weights), types_(types) {}

  GgufModel built;

  void add_tensors() {
    for (const auto& [path, value] : weights_.floats) add_floats(path, value);
    for (const auto& [path, q] : weights_.codes) add_codes(path, q);
  }

  /// llama.cpp's number for a file by the type of most of its weights.
  uint32_t file_type() const {
    static const std::map<GgmlType, uint32_t> numbers = {{GgmlType::f32, 0},    {GgmlType::f16, 1},
                                                         {GgmlType::q4_0, 2},   {GgmlType::q8_0, 7},
                                                         {GgmlType::tq1_0, 36}, {GgmlType::tq2_0, 37}};
    const auto most = std::max_element(elements_.begin(), elements_.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    return numbers.at(most->first);
  }

  std::vector<std::string> notes() const {
    std::vector<std::string> lines;
    for (const auto& [reason, paths] : fallbacks_)
      lines.push_back(fmt::format("{} {}: {}{}", paths.size(), reason, paths.front(),
                                  paths.size() > 1 ? fmt::format(" and {} more", paths.size() - 1) : ""));
    if (halved_ > 0) lines.push_back(fmt::format("{} float matrices are rounded to F16", halved_));
    if (rounded_ > 0)
      lines.push_back(fmt::format("{} of {} row scales are rounded to f16, by up to {:.1e} relatively; codes stay",
                                  rounded_, rows_, difference_));
    return lines;
  }

 private:
  void add(const std::string& path, GgmlType type, const Shape& shape, const Tensor& data) {
    built.tensors.push_back({path, type, shape.rank() == 0 ? Shape{1} : shape, data});
    elements_[type] += shape.numel();
  }

  void add_floats(const std::string& path, const Tensor& value) {
    if (types_ == GgufTypes::f16 && value.shape().rank() == 2) {
      const Tensor half = value.to(DType::f16);
      const std::vector<float> values = half.to(DType::f32).to_vector<float>();
      if (std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); })) {
        ++halved_;
        add(path, GgmlType::f16, value.shape(), half);
        return;
      }
      fallbacks_["tensors are F32, not F16, as no f16 holds their largest values"].push_back(path);
    }
    add(path, GgmlType::f32, value.shape(), value);
  }

  void add_codes(const std::string& path, const QTensor& q) {
    const int64_t rows = q.shape()[0], columns = q.shape()[1];
    const GgmlType wanted = wanted_type(q.book, types_);
    GgmlType type = possible_type(wanted, columns);
    if (type != wanted)
      fallbacks_[fmt::format("tensors are {}, not {}, as rows of {} are no whole blocks of {}", to_string(type),
                             to_string(wanted), columns, block_of(wanted).values)]
          .push_back(path);
    if (type != GgmlType::f32 && !fit_f16(q)) {
      fallbacks_[fmt::format("tensors are F32, not {}, as no f16 holds their scales", to_string(type))].push_back(path);
      type = GgmlType::f32;
    }
    if (type == GgmlType::f32) {
      add(path, type, q.shape(), dequantize(q));
      return;
    }
    const int64_t row_bytes = columns / block_of(type).values * block_of(type).bytes;
    Tensor data = Tensor::empty({rows, row_bytes}, DType::u8);
    for (int64_t r = 0; r < rows; ++r) {
      const float scale = row_scale(q, r);
      const auto packed = formats::pack_blocks(type, row_codes(q, r), to_f16(scale));
      std::memcpy(data.mutable_data<uint8_t>() + r * row_bytes, packed.data(), packed.size());
      count_rounding(scale);
    }
    add(path, type, q.shape(), data);
  }

  void count_rounding(float scale) {
    const double half = to_float(to_f16(scale));
    ++rows_;
    if (half == scale) return;
    ++rounded_;
    difference_ = std::max(difference_, std::abs(half / scale - 1));
  }

  const FrozenWeights& weights_;
  GgufTypes types_;
  std::map<GgmlType, int64_t> elements_;
  std::map<std::string, std::vector<std::string>> fallbacks_;  // paths by reason
  int64_t rows_ = 0, rounded_ = 0, halved_ = 0;
  double difference_ = 0;
};

GgufMetadata describe(Seq2Seq& model, uint32_t file_type) {
  const TransformerConfig& config = model.config();
  const auto count = [](int64_t value) { return static_cast<uint32_t>(value); };
  return {{"general.architecture", "lowbit"},
          {"general.type", "model"},
          {"general.quantization_version", uint32_t{2}},
          {"general.file_type", file_type},
          {"lowbit.vocab_size", count(config.vocab)},
          {"lowbit.context_length", count(config.max_positions)},
          {"lowbit.embedding_length", count(config.dim)},
          {"lowbit.block_count", count(config.encoder_layers)},
          {"lowbit.decoder_block_count", count(config.decoder_layers)},
          {"lowbit.feed_forward_length", count(config.ffn_dim)},
          {"lowbit.attention.head_count", count(config.heads)},
          {"lowbit.decoder_feed_forward_length", count(config.of_decoder().ffn_dim)},
          {"lowbit.decoder_attention.head_count", count(config.of_decoder().heads)},
          {"lowbit.attention.layer_norm_epsilon", static_cast<float>(LayerNorm::kEpsilon)},
          {"lowbit.decoder_start_token_id", count(config.decoder_start)},
          {"lowbit.config", model_config_json(model)}};
}

/// What is read, against what was written and against the model.
void verify(const GgufModel& written, const GgufFile& read, const FrozenWeights& weights) {
  const auto require = [](bool same, const std::string& what) {
    LB_REQUIRE(same, ErrorKind::self_check, "export",
               "{} reads back differently from what was written; nothing was exported", what);
  };
  const std::map<std::string, GgufValue> metadata(written.metadata.begin(), written.metadata.end());
  require(metadata == read.metadata, "the metadata");
  require(written.tensors.size() == read.tensors.size(), "the list of tensors");
  for (const GgufTensor& tensor : written.tensors) {
    const auto found = read.tensors.find(tensor.name);
    require(found != read.tensors.end() && found->second.type == tensor.type && found->second.shape == tensor.shape &&
                std::memcmp(found->second.bytes.data(), tensor.data.raw(), tensor.data.bytes()) == 0,
            tensor.name);
    const auto codes = weights.codes.find(tensor.name);
    if (codes == weights.codes.end() || tensor.type == GgmlType::f32) continue;
    const QTensor& q = codes->second;
    const size_t row_bytes = found->second.bytes.size() / static_cast<size_t>(q.shape()[0]);
    for (int64_t r = 0; r < q.shape()[0]; ++r) {
      const auto row = formats::unpack_blocks(
          tensor.type, found->second.bytes.subspan(static_cast<size_t>(r) * row_bytes, row_bytes), q.shape()[1]);
      require(std::ranges::equal(row.codes, row_codes(q, r)) && row.scale.bits == to_f16(row_scale(q, r)).bits,
              fmt::format("row {} of {}", r, tensor.name));
    }
  }
}

}  // namespace

std::vector<std::string> write_gguf_model(Seq2Seq& model, GgufTypes types, const GgufMetadata& more,
                                          const std::string& path) {
  const FrozenWeights weights = freeze_weights(model);
  GgufBuilder builder(weights, types);
  builder.add_tensors();
  builder.built.metadata = describe(model, builder.file_type());
  builder.built.metadata.insert(builder.built.metadata.end(), more.begin(), more.end());
  save_gguf(path, builder.built);
  verify(builder.built, GgufFile(path), weights);
  return builder.notes();
}

}  // namespace lowbit
