#include "apps/lib/model/recipe_folder.h"

namespace lowbit {

namespace fs = std::filesystem;

std::vector<fs::path> recipe_folders() {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
  return {"recipes", program / "../share/lowbit/recipes", program / "../../../recipes"};
}

Recipe load_recipe(const std::string& name_or_path, const RecipeOptions& options) {
  return Recipe::load(name_or_path, recipe_folders(), options);
}

}  // namespace lowbit
