#pragma once

#include <filesystem>
#include <string>

#include "builder/recipe/recipe.h"

namespace tarn::builder {

/// Where a recipe's text comes from: what its relative paths mean. A path in an included recipe
/// counts from that recipe's folder; it is rewritten to count from the folder of the recipe that
/// was asked for.
struct Origin {
  enum class Place { local, remote };

  std::string name;                     ///< what positions call it
  std::filesystem::path folder;         ///< its own, absolute; empty for a remote one
  std::filesystem::path recipe_folder;  ///< that of the recipe asked for, absolute
  Place place = Place::local;

  /// A local path of this text, absolute. Throws Error (usage) when this text is remote: it may not
  /// name files of this machine.
  std::filesystem::path absolute(const std::string& path, const Position& position) const;
  /// A local path of this text as it counts from the recipe's folder; absolute ones stay. Throws as
  /// absolute() does.
  std::string relocate(const std::string& path, const Position& position) const;
  /// A key's place: URLs stay, paths are relocated.
  std::string relocate_place(const std::string& place_text, const Position& position) const;
  /// A repository line: its path, if it names a relative one, is relocated.
  std::string relocate_repository(const std::string& line, const Position& position) const;
};

/// The origin of the local recipe at `file` (as given; it names the text in positions).
Origin origin_of(const std::filesystem::path& file);

}  // namespace tarn::builder
