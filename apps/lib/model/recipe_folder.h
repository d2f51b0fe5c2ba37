#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nn/quant/recipe.h"

namespace lowbit {

/// Where recipes are looked for: ./recipes, then those installed with the program, then those of its source tree.
std::vector<std::filesystem::path> recipe_folders();

/// A recipe by name ("tbt-2-2-8", "tbt-2-2-8-o4") or path.
Recipe load_recipe(const std::string& name_or_path, const RecipeOptions& options = {});

}  // namespace lowbit
