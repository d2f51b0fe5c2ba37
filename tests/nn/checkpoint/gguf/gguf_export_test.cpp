#include "nn/checkpoint/gguf/gguf_export.h"

#include <gtest/gtest.h>

#include "nn/model_state.h"
#include "nn/module_state.h"
#include "nn/quant/recipe.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

using formats::GgmlType;

class GgufExport : public ::testing::Test {
 protected:
  static std::unique_ptr<Seq2Seq> model(int64_t dim, const std::string& rules) {
    TransformerConfig config = transformer_preset("tiny");
    config.vocab = 40;
    config.encoder_layers = config.decoder_layers = 1;
    config.dim = dim;
    config.ffn_dim = 256;
    auto made = std::make_unique<Seq2Seq>(config, 1);
    if (!rules.empty()) apply(Recipe::parse("name: test\nrules:\n" + rules, "test", {}), *made);
    return made;
  }
  std::vector<std::string> write(Seq2Seq& model, GgufTypes types = GgufTypes::automatic) const {
    return write_gguf_model(model, types, {{"test.key", uint32_t{3}}}, file());
  }
  std::string file() const { return folder_.path("model.gguf"); }

  test::TempDir folder_;
};

/// Every row of the file: the codes, and the scale rounded to f16.
void expect_codes(const GgufFile& read, const std::string& path, const QTensor& q, GgmlType type) {
  SCOPED_TRACE(path);
  const GgufFile::Entry& entry = read.tensors.at(path);
  EXPECT_EQ(entry.type, type);
  EXPECT_EQ(entry.shape, q.shape());
  const std::vector<int8_t> codes = q.codes.to_vector<int8_t>();
  const std::vector<float> scale = q.scale.to_vector<float>();
  const size_t rows = static_cast<size_t>(q.shape()[0]), columns = codes.size() / rows;
  const size_t row_bytes = entry.bytes.size() / rows;
  for (size_t r = 0; r < rows; ++r) {
    const auto row =
        formats::unpack_blocks(type, entry.bytes.subspan(r * row_bytes, row_bytes), static_cast<int64_t>(columns));
    ASSERT_TRUE(std::equal(row.codes.begin(), row.codes.end(), codes.begin() + static_cast<int64_t>(r * columns)));
    ASSERT_EQ(row.scale.bits, to_f16(scale[r]).bits);
  }
}

constexpr const char* kMixed =
    "  - \"embed_tokens.weight\": tbt_weight bits=2\n"
    "  - \"{encoder,decoder}.layers.**.weight\": tbt_weight bits=1\n"
    "  - \"encoder.layers.0.fc1.weight\": tbt_weight bits=4\n"
    "  - \"output_projection.weight\": tbt_weight bits=8\n";

TEST_F(GgufExport, KeepsEveryCodeInTheTypeOfItsBits) {
  for (const GgufTypes types : {GgufTypes::automatic, GgufTypes::tq1_0}) {
    const auto made = model(256, kMixed);
    std::map<std::string, QTensor> codes;
    made->each_weight_codes([&](const std::string& path, const QTensor& q) { codes[path] = q; });
    const std::vector<std::string> notes = write(*made, types);
    ASSERT_EQ(notes.size(), 1u);
    EXPECT_NE(notes[0].find("row scales are rounded to f16"), std::string::npos) << notes[0];
    const GgufFile read(file());
    const GgmlType few = types == GgufTypes::tq1_0 ? GgmlType::tq1_0 : GgmlType::tq2_0;
    for (const auto& [path, q] : codes)
      expect_codes(read, path, q,
                   path == "output_projection.weight"      ? GgmlType::q8_0
                   : path == "encoder.layers.0.fc1.weight" ? GgmlType::q4_0
                                                           : few);
    EXPECT_EQ(read.metadata.at("general.file_type"), GgufValue(uint32_t{types == GgufTypes::tq1_0 ? 36u : 37u}));
    EXPECT_EQ(read.metadata.at("general.architecture"), GgufValue("lowbit"));
    EXPECT_EQ(read.metadata.at("lowbit.embedding_length"), GgufValue(uint32_t{256}));
    EXPECT_EQ(read.metadata.at("lowbit.config"), GgufValue(model_config_json(*made)));
    EXPECT_EQ(read.metadata.at("test.key"), GgufValue(uint32_t{3}));
  }
}

TEST_F(GgufExport, RowsThatAreNoWholeBlocksFallBackAndSaySo) {
  const auto narrow = model(96, kMixed);
  std::map<std::string, QTensor> codes;
  narrow->each_weight_codes([&](const std::string& path, const QTensor& q) { codes[path] = q; });
  const std::vector<std::string> notes = write(*narrow);
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_EQ(notes[0].find("14 tensors are Q4_0, not TQ2_0, as rows of 96 are no whole blocks of 256: "), 0u)
      << notes[0];
  const GgufFile read(file());
  expect_codes(read, "embed_tokens.weight", codes.at("embed_tokens.weight"), GgmlType::q4_0);
  expect_codes(read, "encoder.layers.0.fc2.weight", codes.at("encoder.layers.0.fc2.weight"), GgmlType::tq2_0);

  const auto odd = model(20, kMixed);
  EXPECT_NE(write(*odd)[0].find("are F32, not"), std::string::npos);
  const GgufFile floats(file());
  EXPECT_EQ(floats.tensors.at("embed_tokens.weight").type, GgmlType::f32);
  EXPECT_EQ(floats.tensors.at("encoder.layers.0.fc2.weight").type, GgmlType::tq2_0);
}

TEST_F(GgufExport, AScaleThatNoHalfHoldsMakesItsTensorFloat) {
  const auto made = model(256, "");
  for (const auto& [path, tensor] : module_state(*made).tensors)
    if (path == "encoder.layers.0.fc1.weight") Tensor(tensor).mutable_data<float>()[0] = 1e9f;
  apply(Recipe::parse("name: test\nrules:\n  - \"**.fc1.weight\": tbt_weight bits=2\n", "test", {}), *made);
  const std::vector<std::string> notes = write(*made);
  EXPECT_EQ(notes[0], "1 tensors are F32, not TQ2_0, as no f16 holds their scales: encoder.layers.0.fc1.weight");
  EXPECT_EQ(GgufFile(file()).tensors.at("encoder.layers.0.fc1.weight").type, GgmlType::f32);
}

TEST_F(GgufExport, FloatsStayOrBecomeHalves) {
  const auto made = model(256, "");
  EXPECT_EQ(write(*made), std::vector<std::string>());
  EXPECT_EQ(GgufFile(file()).tensors.at("embed_tokens.weight").type, GgmlType::f32);
  EXPECT_EQ(write(*made, GgufTypes::f16), std::vector<std::string>{"17 float matrices are rounded to F16"});
  const GgufFile read(file());
  EXPECT_EQ(read.tensors.at("embed_tokens.weight").type, GgmlType::f16);
  EXPECT_EQ(read.tensors.at("encoder.layer_norm.bias").type, GgmlType::f32);
  EXPECT_EQ(read.metadata.at("general.file_type"), GgufValue(uint32_t{1}));
}

}  // namespace
}  // namespace lowbit
