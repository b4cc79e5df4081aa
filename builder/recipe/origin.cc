#include "builder/recipe/origin.h"

#include "apk/model/dependency.h"
#include "builder/recipe/yaml.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

bool is_url(std::string_view text) {
  return text.find("://") != std::string_view::npos || text.starts_with("file:/");
}

std::string without_trailing_slash(std::string text) {
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

/// The word of a repository line that is its place; empty when there is none, or when it holds a
/// variable, whose value decides.
std::string_view place_word(std::string_view line) {
  const auto words = apk::split_words(line);
  std::size_t i = 0;
  if (i == words.size() || words[i].starts_with('#') || words[i] == "set") return {};
  if (words[i] == "v2" || words[i] == "v3" || words[i] == "ndx") ++i;
  if (i < words.size() && words[i].starts_with('@')) ++i;
  if (i == words.size() || words[i].find("${") != std::string_view::npos) return {};
  return words[i];
}

}  // namespace

fs::path Origin::absolute(const std::string& path, const Position& position) const {
  if (place == Place::remote)
    throw recipe_error(position, quote(path) + " is a local path in a recipe from elsewhere")
        .hint("a recipe fetched by https may only name URLs");
  return (folder / path).lexically_normal();
}

std::string Origin::relocate(const std::string& path, const Position& position) const {
  const auto whole = absolute(path, position);
  if (fs::path(path).is_absolute() || folder == recipe_folder) return path;
  return without_trailing_slash(whole.lexically_relative(recipe_folder).string());
}

std::string Origin::relocate_place(const std::string& place_text, const Position& position) const {
  return is_url(place_text) ? place_text : relocate(place_text, position);
}

std::string Origin::relocate_repository(const std::string& line, const Position& position) const {
  const auto word = place_word(line);
  if (word.empty() || is_url(word)) return line;
  const auto begin = static_cast<std::size_t>(word.data() - line.data());
  return line.substr(0, begin) + relocate(std::string(word), position) +
         line.substr(begin + word.size());
}

Origin origin_of(const fs::path& file) {
  Origin origin;
  origin.name = file.string();
  origin.folder = fs::absolute(file).lexically_normal().parent_path();
  origin.recipe_folder = origin.folder;
  return origin;
}

}  // namespace tarn::builder
