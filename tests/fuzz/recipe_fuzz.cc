// Any text as a recipe: it loads or is refused with a place; what loads prints as a recipe that
// says the same, and shows no credentials.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "apk/support/error.h"
#include "apk/support/url.h"
#include "builder/recipe/load.h"
#include "builder/recipe/print.h"
#include "builder/recipe/repositories.h"
#include "expect.h"

namespace {

using namespace tarn::builder;
using tarn::test::expect;

LoadOptions without_files() {
  LoadOptions options;
  options.read = [](const std::filesystem::path&) -> std::string {
    throw tarn::Error(tarn::ErrorKind::usage, "no files here");
  };
  return options;
}

void check(const Recipe& recipe) {
  for (const auto format : {RecipeFormat::yaml, RecipeFormat::json}) {
    const auto text = print_recipe(recipe, format);
    Recipe again;
    try {
      again = load_recipe_text(text, recipe.file.string(), without_files());
    } catch (const tarn::Error& error) {
      // Hiding what looks like a secret may leave what is no name, URL or package.
      expect(text.find("***") != std::string::npos, error.what());
      continue;
    }
    expect(print_recipe(again, format) == text, "a printed recipe prints as itself");
  }
  try {
    (void)repositories_to_resolve(recipe);
    for (const auto& repository : repositories_for_image(recipe))
      expect(!repository.url.has_credentials(), "the image gets no credentials");
  } catch (const tarn::Error& error) {
    expect(error.kind() == tarn::ErrorKind::usage, "a wrong repository is wrong usage");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Recipe recipe;
  try {
    recipe = load_recipe_text(text, "/r/recipe.yaml", without_files());
  } catch (const tarn::Error& error) {
    expect(error.kind() == tarn::ErrorKind::usage, "a wrong recipe is wrong usage");
    return 0;
  }
  check(recipe);
  return 0;
}
