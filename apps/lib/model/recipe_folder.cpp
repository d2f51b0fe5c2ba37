#include "apps/lib/model/recipe_folder.h"

#include "core/error.h"

namespace lowbit {

namespace fs = std::filesystem;

std::vector<fs::path> recipe_folders() {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
  return {"recipes", program / "../share/lowbit/recipes", program / "../../../recipes"};
}

Recipe load_recipe(const std::string& name_or_path, const RecipeOptions& options) {
  return Recipe::load(name_or_path, recipe_folders(), options);
}

Recipe apply_recipe(Seq2Seq& model, const std::string& name_or_path, int64_t output_bits) {
  RecipeOptions options{.activation = model.config().activation};
  if (output_bits) options.output_bits = static_cast<int>(output_bits);
  Recipe recipe = load_recipe(name_or_path, options);
  try {
    apply(recipe, model);
  } catch (const Error& error) {
    if (output_bits == 0) throw;
    throw Error(error.kind(), fmt::format("{} (with {} output bits, as asked for)", error.what(), output_bits));
  }
  return recipe;
}

}  // namespace lowbit
