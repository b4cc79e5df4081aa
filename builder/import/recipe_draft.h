#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/recipe/recipe.h"

namespace tarn::builder {

/// A part of a Dockerfile that its recipe does not have.
struct LeftOut {
  std::size_t line = 0;
  std::string what;    ///< the instruction or command
  std::string reason;  ///< why, and what could be done
};

/// A recipe that grows instruction by instruction, with what had to be left out and what was
/// decided.
class RecipeDraft {
 public:
  Recipe recipe;
  std::vector<LeftOut> left_out;
  std::vector<std::string> remarks;  ///< decisions that a person should know of

  /// An absolute path without ".", ".." and doubled '/', relative to `folder`.
  static std::string absolute(std::string_view path, std::string_view folder);

  void add_package(const std::string& constraint);
  /// Takes a package out of the world by its name, or by a whole constraint.
  void remove_package(const std::string& constraint);
  void add_repository(const std::string& line);

  /// Ids of an account that the recipe makes, of one that every Alpine has, or a number; nothing
  /// for others, whose ids a package's script gives.
  std::optional<std::uint32_t> uid_of(std::string_view user) const;
  std::optional<std::uint32_t> gid_of(std::string_view group) const;

  struct NewUser {
    std::string name;
    std::optional<std::uint32_t> uid{};
    std::optional<std::string> group{};  ///< its primary group; else one of its own name
    std::string home{};
    std::string shell{};
    bool is_system = false;
    bool makes_home = true;
  };
  /// Nothing when the group is not known.
  bool add_user(const NewUser& user);
  void add_group(const std::string& name, std::optional<std::uint32_t> gid, bool is_system);
  /// Nothing when the recipe makes no such group.
  bool add_member(const std::string& group, const std::string& user);

  /// Makes a directory and those above it that no earlier line made.
  void make_directory(const std::string& path, std::optional<std::uint32_t> mode);
  void add_path(PathType type, const std::string& path, const std::string& source = {});
  /// Sets owner or mode of what the recipe itself puts at `path` (and beneath it); false when it
  /// puts nothing there.
  struct Access {
    std::optional<std::uint32_t> uid{};
    std::optional<std::uint32_t> gid{};
    std::optional<std::uint32_t> mode{};
  };
  bool set_access(const std::string& path, const Access& access, bool recursive);
  FileEntry* file_at(std::string_view path);

 private:
  std::uint32_t free_id(bool is_system) const;
};

/// The text as one word of a shell.
std::string quote_shell_word(std::string_view word);
/// A command line that split_shell_words() splits into these words.
std::string join_shell_words(const std::vector<std::string>& words);

}  // namespace tarn::builder
