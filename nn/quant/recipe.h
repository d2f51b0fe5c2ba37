#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/glob.h"
#include "core/kernels/elementwise_ops.h"
#include "nn/module.h"

namespace lowbit {

/// Bits of weights, embedding look-up, activations and output projection; 32 is float. Written W-E-A, with O beside it.
struct BitWidths {
  int weights = 32, embeddings = 32, activations = 32, output = 32;

  /// "2-2-8 O8".
  std::string str() const;
  bool operator==(const BitWidths&) const = default;
};

/// What a run may say about a recipe without writing another.
struct RecipeOptions {
  std::optional<int> output_bits = {};  ///< instead of the recipe's own
  Unary activation = Unary::gelu;       ///< of the feed-forward blocks: $activation_minimum is its least value
};

struct RecipeRule {
  Glob slots;
  bool may_match_nothing = false;
  std::string spec;   ///< "tbt_weight bits=2", or "none"
  std::string where;  ///< file:line
};

/// Which slot of a model gets what: the model does not know. YAML:
///
///   name: tbt-2-2-8
///   base: other                    # optional: the rules of other.yaml, beside this file or in recipes/, come first,
///                                  # its bits hold unless given
///   bits: {weights: 2, embeddings: 2, activations: 8, output: 8}
///   rules:                         # the last rule that matches a slot wins
///     - "{encoder,decoder}.layers.**.weight": tbt_weight bits=$weights
///     - "**.input": none
///     - "encoder.embed_positions.weight (if any)": tbt_weight bits=8    # no error in a model without such a slot
///
/// $weights, $embeddings, $activations and $output stand for the numbers above, so that what is stated is what is used;
/// $activation_minimum is the model's.
/// Errors: ErrorKind::usage naming file and line.
class Recipe {
 public:
  /// `name_or_path`: a path when it ends in .yaml, else recipes/NAME.yaml in one of `folders`. A name may end in -oN:
  /// tbt-2-2-8-o4 is tbt-2-2-8 with output_bits = 4, unless the options say otherwise.
  static Recipe load(const std::string& name_or_path, const std::vector<std::filesystem::path>& folders,
                     const RecipeOptions& options = {});
  /// From text; `where` stands in messages for the file, `base` is looked for in `folders`.
  static Recipe parse(const std::string& text, const std::string& where,
                      const std::vector<std::filesystem::path>& folders = {}, const RecipeOptions& options = {});

  const std::string& name() const { return name_; }
  const BitWidths& bits() const { return bits_; }
  const std::vector<RecipeRule>& rules() const { return rules_; }

 private:
  friend class RecipeReader;
  std::string name_;
  BitWidths bits_;
  std::vector<RecipeRule> rules_;
};

struct SlotAssignment {
  std::string path, spec;  ///< the slot, and what it now holds
};

/// Fills the slots of a model; slots that no rule matches stay as they are. Errors: ErrorKind::usage for a rule that
/// matches no slot, naming the nearest one, and for specs that do not fit; the message names file and line.
std::vector<SlotAssignment> apply(const Recipe& recipe, Module& root);

}  // namespace lowbit
