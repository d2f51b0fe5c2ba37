#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/checkpoint/tensor_files.h"
#include "nn/model_state.h"

namespace lowbit {

enum class ModelOrigin : uint8_t { hugging_face, fairseq };

constexpr const char* to_string(ModelOrigin origin) {
  return origin == ModelOrigin::fairseq ? "fairseq" : "Hugging Face";
}

/// What became of each tensor of a foreign model. What is missing, or stands there unexpectedly, refuses the import.
struct ImportReport {
  ModelOrigin origin = ModelOrigin::hugging_face;
  std::string model_type;                                    ///< "bart"
  std::vector<std::string> files;                            ///< with the weights, and their index
  std::vector<std::string> used;                             ///< under the names that its origin gives them
  std::vector<std::pair<std::string, std::string>> renamed;  ///< name in the file, that one
  std::vector<std::string> aliases;                          ///< copies of the token table, equal bit for bit
  std::vector<std::string> ignored;                          ///< no weights: version markers, buffers
  std::vector<std::string> filled;                           ///< constants that the file may leave out, set to zero
  std::vector<std::string> split;                            ///< projections stacked in the file, now several tensors
  std::vector<std::string> notes;                            ///< conversions: dtype, rows of the table
  /// One line for the log.
  std::string str() const;
};

struct ImportedModel {
  std::unique_ptr<Seq2Seq> model;
  ImportReport report;
};

/// What an origin calls things, for reports and messages.
struct ImportNaming {
  std::string (*name_of)(std::string_view path);  ///< its name for a parameter of ours
  const char* config;                             ///< where shapes are said
};

/// BART's vocabulary, and the rows of fairseq's bart.base: made-up words before the mask token, which is last.
inline constexpr int64_t kBartRows = 50265, kPaddedRows = 51201;

/// Before a model is made: Error (model) when its tables and matrices would be far more than the files hold, whatever
/// shape their tensors claim, so that a lie costs no memory. Smaller differences are import_weights()'s to name.
void require_room(const TensorFiles& files, const ImportNaming& naming, const TransformerConfig& config);

/// Fills a model from the tensors of files, under any of the names that understand_name() knows. Every tensor must be
/// accounted for: Errors (model) naming the file and the tensor that is missing, unexpected, of another shape, no
/// float, given twice, or a copy of the token table that differs.
void import_weights(TensorFiles files, const ImportNaming& naming, Seq2Seq& model, ImportReport& report);

}  // namespace lowbit
