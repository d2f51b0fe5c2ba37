#include "nn/checkpoint/ct2/ct2_export.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>

#include "nn/checkpoint/ct2/ct2_file.h"
#include "nn/checkpoint/hf_import.h"
#include "nn/quant/recipe.h"
#include "tests/nn/checkpoint/hf_folder.h"
#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

using test::expect_error;

constexpr const char* kTable = "decoder/embeddings/weight";
constexpr const char* kQueryKeyValue = "encoder/layer_0/self_attention/linear_0/weight";

class Ct2Export : public ::testing::Test {
 protected:
  std::string file() const { return folder_.path("model.bin"); }
  std::vector<std::string> write(Seq2Seq& model) const { return write_ct2_model(model, file()); }

  static TransformerConfig tiny() {
    TransformerConfig config = transformer_preset("tiny");
    config.vocab = 40;
    return config;
  }
  static void fill(Seq2Seq& model, const std::string& rules) {
    apply(Recipe::parse("name: test\nrules:\n" + rules, "test", {}), model);
  }

  test::TempDir folder_;
};

template <class T>
std::vector<T> values(const Ct2File& file, const std::string& name) {
  const Ct2File::Variable& variable = file.variables.at(name);
  std::vector<T> all(variable.bytes.size() / sizeof(T));
  std::memcpy(all.data(), variable.bytes.data(), variable.bytes.size());
  return all;
}

TEST_F(Ct2Export, OfFloatModelsIsTheFileThatItsOwnConverterWrites) {
  for (const char* name : {"bart", "mbart"}) {
    SCOPED_TRACE(name);
    const ImportedModel imported = import_hf_folder(test::golden_hf(std::string("hf_") + name));
    EXPECT_EQ(write(*imported.model), std::vector<std::string>());
    EXPECT_TRUE(test::contents(file()) == test::contents(LB_TEST_DIR "/golden/ct2_" + std::string(name) + ".bin"));
  }
}

TEST_F(Ct2Export, PlainTransformersHaveTheirSinusoidsAndScale) {
  Seq2Seq model(tiny(), 1);
  write(model);
  const Ct2File read(file());
  EXPECT_EQ(values<float>(read, "encoder/scale_embeddings"), std::vector<float>{std::sqrt(32.0f)});
  EXPECT_EQ(values<int8_t>(read, "decoder/activation"), std::vector<int8_t>{0});
  EXPECT_TRUE(read.variables.count("encoder/layer_norm/gamma"));
  EXPECT_FALSE(read.variables.count("encoder/layernorm_embedding/gamma"));
  EXPECT_EQ(read.aliases.at("decoder/projection/weight"), kTable);
  const std::vector<float> positions = values<float>(read, "decoder/position_encodings/encodings");
  EXPECT_EQ(positions.size(), 256u * 32);
  EXPECT_FLOAT_EQ(positions[0], std::sin(2.0f));  // fairseq's positions begin at 2
  EXPECT_FLOAT_EQ(positions[16], std::cos(2.0f));
}

/// value = code / scale of the row, as float arithmetic has it: by division, and by multiplication with 1 / scale.
void expect_values(const Ct2File& read, const std::string& name, const Tensor& expected, double tolerance) {
  const std::vector<int8_t> codes = values<int8_t>(read, name);
  const std::vector<float> scale = values<float>(read, name + "_scale"), ours = expected.to_vector<float>();
  ASSERT_EQ(codes.size(), ours.size());
  for (size_t i = 0; i < codes.size(); ++i) {
    const float s = scale[i * scale.size() / codes.size()];
    for (const float theirs : {static_cast<float>(codes[i]) / s, static_cast<float>(codes[i]) * (1 / s)})
      ASSERT_LE(std::abs(theirs - ours[i]), tolerance * std::abs(ours[i])) << name << ' ' << i;
  }
}

TEST_F(Ct2Export, TernaryAndBinaryRowsHaveTheVeryFloats) {
  for (const char* bits : {"1", "2"}) {
    Seq2Seq model(tiny(), 1);
    fill(model, fmt::format("  - \"**.weight\": tbt_weight bits={}\n", bits));
    std::map<std::string, Tensor> expected;
    model.each_weight_codes([&](const std::string& path, const QTensor& q) { expected[path] = dequantize(q); });
    EXPECT_EQ(write(model), std::vector<std::string>());
    const Ct2File read(file());
    expect_values(read, kTable, expected.at("embed_tokens.weight"), 0);
    expect_values(read, "encoder/layer_1/ffn/linear_1/weight", expected.at("encoder.layers.1.fc2.weight"), 0);
    expect_values(read, "decoder/layer_0/attention/linear_2/weight",
                  expected.at("decoder.layers.0.encoder_attn.out_proj.weight"), 0);
    EXPECT_EQ(read.variables.at(kQueryKeyValue).shape, (Shape{96, 32}));
    EXPECT_EQ(read.variables.at(std::string(kQueryKeyValue) + "_scale").shape, Shape{96});
  }
}

TEST_F(Ct2Export, EightBitCodesStayAndTheOutputMayHaveItsOwn) {
  Seq2Seq model(tiny(), 1);
  fill(model,
       "  - \"embed_tokens.weight\": tbt_weight bits=2\n"
       "  - \"output_projection.weight\": tbt_weight bits=8\n"
       "  - \"encoder.layers.*.fc1.input\": absmax bits=8 per=token\n");
  std::map<std::string, QTensor> codes;
  model.each_weight_codes([&](const std::string& path, const QTensor& q) { codes[path] = q; });
  const std::vector<std::string> notes = write(model);
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_NE(notes[0].find("of 80 rows"), std::string::npos) << notes[0];
  EXPECT_NE(notes[1].find("2 slots of 'absmax bits=8 per=token' are left out"), std::string::npos) << notes[1];
  const Ct2File read(file());
  EXPECT_EQ(read.aliases.at("encoder/embeddings_0/weight"), kTable);
  EXPECT_EQ(read.aliases.at("encoder/embeddings_0/weight_scale"), std::string(kTable) + "_scale");
  EXPECT_EQ(read.aliases.size(), 2u);
  expect_values(read, kTable, dequantize(codes.at("embed_tokens.weight")), 0);
  expect_values(read, "decoder/projection/weight", dequantize(codes.at("output_projection.weight")), 3e-7);
  EXPECT_EQ(values<int8_t>(read, "decoder/projection/weight"),
            codes.at("output_projection.weight").codes.to_vector<int8_t>());
  EXPECT_EQ(read.variables.at(kQueryKeyValue).type, Ct2Type::f32);
}

TEST_F(Ct2Export, AFusedMatrixWithAFloatPartIsFloat) {
  Seq2Seq model(tiny(), 1);
  fill(model, "  - \"encoder.layers.0.self_attn.{q,k}_proj.weight\": tbt_weight bits=2\n");
  write(model);
  EXPECT_EQ(Ct2File(file()).variables.at(kQueryKeyValue).type, Ct2Type::f32);
}

TEST_F(Ct2Export, FewBitActivationsAreSaidToBeLost) {
  for (const int bits : {8, 4}) {
    Seq2Seq model(tiny(), 1);
    fill(model, fmt::format("  - \"{{encoder,decoder}}.layers.**.input\": absmax bits={} per=token\n", bits));
    const std::vector<std::string> notes = write(model);
    EXPECT_EQ(notes.size(), bits == 8 ? 1u : 2u);
    EXPECT_EQ(notes[0].find("activations of 4 bits") != std::string::npos, bits == 4) << notes[0];
  }
}

TEST_F(Ct2Export, LayersThatItCannotComputeAreRefused) {
  Seq2Seq model(tiny(), 1);
  fill(model, "  - \"encoder.layers.0.fc1.input_norm\": rms_norm\n");
  expect_error(ErrorKind::usage, {"encoder.layers.0.fc1.input_norm", "rms_norm", "CTranslate2"}, [&] { write(model); });
}

TEST_F(Ct2Export, BrokenFilesAreRefused) {
  const std::string whole = test::contents(LB_TEST_DIR "/golden/ct2_bart.bin");
  const auto refused = [&](const std::string& bytes, std::initializer_list<const char*> words) {
    std::ofstream(file(), std::ios::binary) << bytes;
    expect_error(ErrorKind::model, words, [&] { const Ct2File read(file()); });
  };
  for (size_t length : {size_t{0}, size_t{3}, size_t{40}, whole.size() / 2, whole.size() - 1})
    refused(whole.substr(0, length), {"model.bin"});
  refused(whole + "x", {"model.bin", "1 bytes are left over"});
  std::string version = whole, size = whole;
  version[0] = 5;
  refused(version, {"version 5"});
  const size_t first = whole.find("decoder/activation") + sizeof("decoder/activation");
  size[first + 2] = 2;  // rank, type, bytes
  refused(size, {"decoder/activation", "2 bytes are not its shape's"});
}

}  // namespace
}  // namespace lowbit
