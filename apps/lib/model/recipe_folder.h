#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nn/quant/recipe.h"
#include "nn/transformer/seq2seq.h"

namespace lowbit {

/// Where recipes are looked for: ./recipes, then those installed with the program, then those of its source tree.
std::vector<std::filesystem::path> recipe_folders();

/// A recipe by name ("tbt-2-2-8", "tbt-2-2-8-o4") or path.
Recipe load_recipe(const std::string& name_or_path, const RecipeOptions& options = {});

/// Quantizes a model by a recipe, `output_bits` replacing the recipe's own unless 0. Returns the recipe.
Recipe apply_recipe(Seq2Seq& model, const std::string& name_or_path, int64_t output_bits);

}  // namespace lowbit
