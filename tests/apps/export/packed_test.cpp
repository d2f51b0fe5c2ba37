#include <nlohmann/json.hpp>

#include "apps/lib/model/model_folder.h"
#include "core/files/safetensors.h"
#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

using Json = nlohmann::json;

/// docs/formats.md in plain loops, sharing nothing with core/quant.
std::vector<int8_t> decoded(const std::vector<uint8_t>& packed, const std::string& book, int64_t rows,
                            int64_t columns) {
  static const std::map<std::string, std::pair<int, int>> kFields = {
      {"binary", {8, 2}}, {"ternary", {5, 3}}, {"int4", {2, 16}}, {"int8", {1, 256}}};
  const auto [per_byte, radix] = kFields.at(book);
  const int64_t row_bytes = static_cast<int64_t>(packed.size()) / rows;
  std::vector<int8_t> codes;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) {
      int rest = packed[static_cast<size_t>(r * row_bytes + c / per_byte)];
      for (int64_t skip = c % per_byte; skip > 0; --skip) rest /= radix;
      const int field = rest % radix;
      const int code = book == "binary"    ? (field ? -1 : 1)
                       : book == "ternary" ? field - 1
                                           : (field < radix / 2 ? field : field - radix);
      codes.push_back(static_cast<int8_t>(code));
    }
  return codes;
}

class PackedExport : public test::TinyRun {};

TEST_F(PackedExport, IsDecodedByItsConfigAlone) {
  std::set<std::string> seen;
  for (const char* recipe : {"tbt-2-2-8", "tbt-1-1-8-o4", "bwn-1-1-8", "w8a8"}) {
    SCOPED_TRACE(recipe);
    const std::string run_folder = trained(recipe, {"--recipe", recipe});
    const std::string out = std::string(recipe) + "-packed";
    const test::Outcome outcome = run({"export", run_folder, "--out", path(out)});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("verified by reading it back"), std::string::npos);
    const Json config = Json::parse(read(out + "/config.json"))["quantization_config"];
    EXPECT_EQ(config["quant_method"], "lowbit");
    const StateDict file = load_safetensors(path(out + "/model.safetensors"));
    const LoadedModel loaded = load_model(run_folder);
    size_t weights = 0;
    loaded.model->each_weight_codes([&](const std::string& name, const QTensor& q) {
      SCOPED_TRACE(name);
      const Json& slot = config["slots"][name];
      EXPECT_EQ(slot["shape"], Json({q.shape()[0], q.shape()[1]}));
      seen.insert(slot["codes"]);
      const std::string stored = slot.value("stored_as", name);
      EXPECT_EQ(stored != name, recipe == std::string("w8a8") && name == "output_projection.weight");
      const Tensor& packed = file.tensors.at(stored + ".codes");
      EXPECT_EQ(decoded(packed.to_vector<uint8_t>(), slot["codes"], slot["shape"][0], slot["shape"][1]),
                q.codes.to_vector<int8_t>());
      const Tensor& scale = file.tensors.at(stored + ".scale");
      EXPECT_EQ(scale.numel(), slot["scale_per"] == "row" ? q.shape()[0] : 1);
      EXPECT_EQ(scale.to_vector<float>(), q.scale.to_vector<float>());
      EXPECT_FALSE(file.tensors.count(name));
      ++weights;
    });
    EXPECT_GT(weights, 30u);
  }
  EXPECT_EQ(seen, (std::set<std::string>{"binary", "ternary", "int4", "int8"}));
}

TEST_F(PackedExport, IsInspectedWithAllOfItsParameters) {
  const std::string run_folder = trained("student", {"--recipe", "tbt-1-1-8"});
  ASSERT_EQ(run({"export", run_folder, "--out", path("packed")}).code, 0);
  const int64_t parameters = load_model(trained("float")).model->parameter_count();
  for (const std::string& model : {run_folder, path("packed")})
    EXPECT_NE(run({"inspect", model}).out.find(fmt::format(" tensors, {} parameters, ", parameters)), std::string::npos)
        << model;
}

TEST_F(PackedExport, TakesNoTokenizerFromAFolderAboveThatIsNoRun) {
  const std::string run_folder = trained("student", {"--recipe", "tbt-2-2-8"});
  ASSERT_EQ(run({"export", run_folder, "--out", path("parent/packed")}).code, 0);
  std::filesystem::rename(path("parent/packed/sentencepiece.bpe.model"), path("parent/sentencepiece.bpe.model"));
  const std::string input = write("input", "one two\n");
  expect_failure(run({"generate", path("parent/packed"), "--input", input}), 4, {"no sentencepiece.bpe.model"});
  EXPECT_EQ(run({"generate", run_folder + "/checkpoint_last", "--input", input}).code, 0) << "its run has it";
}

}  // namespace
}  // namespace lowbit
