#include "builder/import/recipe_draft.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include <fmt/core.h>

#include "apk/model/dependency.h"
#include "builder/import/command_words.h"

namespace tarn::builder {
namespace {

/// Accounts that alpine-baselayout always has and Dockerfiles name.
struct KnownAccount {
  std::string_view name;
  std::uint32_t id;
};
constexpr KnownAccount known_users[] = {{"root", 0},   {"daemon", 2},  {"ftp", 21},
                                        {"games", 35}, {"guest", 405}, {"nobody", 65534}};
constexpr KnownAccount known_groups[] = {
    {"root", 0},   {"daemon", 2},    {"tty", 5},     {"wheel", 10},      {"dialout", 20},
    {"video", 27}, {"www-data", 82}, {"users", 100}, {"nogroup", 65533}, {"nobody", 65534}};

template <std::size_t count>
std::optional<std::uint32_t> known_id(const KnownAccount (&accounts)[count],
                                      std::string_view name) {
  const auto* const found = std::ranges::find(accounts, name, &KnownAccount::name);
  return found == std::end(accounts) ? parse_id(name) : std::optional(found->id);
}

std::string name_of(const std::string& constraint) {
  const auto dependency = apk::Dependency::parse(constraint);
  return dependency ? dependency->name : constraint;
}

bool lies_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) &&
         (folder == "/" || path[folder.size()] == '/');
}

}  // namespace

std::string RecipeDraft::absolute(std::string_view path, std::string_view folder) {
  const std::string whole =
      path.starts_with('/') ? std::string(path) : fmt::format("{}/{}", folder, path);
  std::vector<std::string_view> parts;
  std::string_view rest = whole;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string result;
  for (const std::string_view part : parts) result.append("/").append(part);
  return result.empty() ? "/" : result;
}

void RecipeDraft::add_package(const std::string& constraint) {
  auto& packages = recipe.contents.packages;
  // A later line says more of the same package.
  const std::string name = name_of(constraint);
  const auto same = std::ranges::find_if(
      packages, [&](const Located& package) { return name_of(package.text) == name; });
  if (same == packages.end())
    packages.push_back({constraint, {}});
  else if (constraint != name)
    same->text = constraint;
}

void RecipeDraft::remove_package(const std::string& constraint) {
  const std::string name = name_of(constraint);
  std::erase_if(recipe.contents.packages,
                [&](const Located& package) { return name_of(package.text) == name; });
}

void RecipeDraft::add_repository(const std::string& line) {
  auto& lines = recipe.contents.repositories;
  if (std::ranges::find(lines, line, &Located::text) == lines.end()) lines.push_back({line, {}});
}

std::optional<std::uint32_t> RecipeDraft::uid_of(std::string_view user) const {
  const auto& users = recipe.accounts.users;
  const auto found = std::ranges::find(users, user, &User::name);
  return found != users.end() ? std::optional(found->uid) : known_id(known_users, user);
}

std::optional<std::uint32_t> RecipeDraft::gid_of(std::string_view group) const {
  const auto& groups = recipe.accounts.groups;
  const auto found = std::ranges::find(groups, group, &Group::name);
  return found != groups.end() ? std::optional(found->gid) : known_id(known_groups, group);
}

std::uint32_t RecipeDraft::free_id(bool is_system) const {
  // Packages' scripts take 100 and what follows, so system accounts begin at the other end.
  const auto is_taken = [&](std::uint32_t id) {
    return std::ranges::find(recipe.accounts.users, id, &User::uid) !=
               recipe.accounts.users.end() ||
           std::ranges::find(recipe.accounts.groups, id, &Group::gid) !=
               recipe.accounts.groups.end();
  };
  std::uint32_t id = is_system ? 998 : 1000;
  while (is_taken(id)) is_system ? --id : ++id;
  return id;
}

bool RecipeDraft::add_user(const NewUser& user) {
  User added;
  added.name = user.name;
  added.uid = user.uid.value_or(free_id(user.is_system));
  if (user.group) {
    added.gid = gid_of(*user.group);
    if (!added.gid) return false;
  } else if (const auto own = gid_of(user.name)) {
    added.gid = own;
  } else {
    add_group(user.name, added.uid, user.is_system);
    added.gid = gid_of(user.name);
  }
  if (!user.uid)
    remarks.push_back(
        fmt::format("user {} has the uid {}: the Dockerfile leaves it open", user.name, added.uid));
  added.home = user.home;
  added.shell = user.shell;
  recipe.accounts.users.push_back(added);
  const std::string home = user.home.empty() ? "/home/" + user.name : user.home;
  if (user.makes_home && home != "/" && home.starts_with('/')) {
    make_directory(absolute(home, "/"), std::nullopt);
    set_access(absolute(home, "/"), {added.uid, added.gid, {}}, false);
  }
  return true;
}

void RecipeDraft::add_group(const std::string& name, std::optional<std::uint32_t> gid,
                            bool is_system) {
  Group group;
  group.name = name;
  group.gid = gid.value_or(free_id(is_system));
  if (!gid)
    remarks.push_back(
        fmt::format("group {} has the gid {}: the Dockerfile leaves it open", name, group.gid));
  recipe.accounts.groups.push_back(std::move(group));
}

bool RecipeDraft::add_member(const std::string& group, const std::string& user) {
  auto& groups = recipe.accounts.groups;
  const auto found = std::ranges::find(groups, group, &Group::name);
  if (found == groups.end()) return false;
  found->members.push_back(user);
  return true;
}

void RecipeDraft::make_directory(const std::string& path, std::optional<std::uint32_t> mode) {
  const auto known = std::ranges::find_if(recipe.paths, [&](const PathEntry& entry) {
    return entry.path == path && entry.type == PathType::directory;
  });
  if (known != recipe.paths.end()) {
    if (mode) known->permissions = mode;
    return;
  }
  add_path(PathType::directory, path);
  recipe.paths.back().permissions = mode;
}

void RecipeDraft::add_path(PathType type, const std::string& path, const std::string& source) {
  PathEntry entry;
  entry.path = path;
  entry.type = type;
  entry.source = source;
  recipe.paths.push_back(std::move(entry));
}

bool RecipeDraft::set_access(const std::string& path, const Access& access, bool recursive) {
  bool found = false;
  const auto concerns = [&](std::string_view place) {
    return place == path || (recursive && lies_below(place, path));
  };
  for (PathEntry& entry : recipe.paths) {
    if (!concerns(entry.path) || entry.type == PathType::symlink) continue;
    found = found || entry.path == path;
    if (access.uid) entry.uid = access.uid;
    if (access.gid) entry.gid = access.gid;
    if (access.mode) entry.permissions = access.mode;
  }
  for (FileEntry& file : recipe.files) {
    if (!concerns(file.path)) continue;
    found = found || file.path == path;
    if (access.uid) file.uid = *access.uid;
    if (access.gid) file.gid = *access.gid;
    if (access.mode) file.mode = access.mode;
  }
  return found;
}

FileEntry* RecipeDraft::file_at(std::string_view path) {
  const auto found = std::ranges::find(recipe.files, path, &FileEntry::path);
  return found == recipe.files.end() ? nullptr : &*found;
}

std::string quote_shell_word(std::string_view word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,@%+";
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos)
    return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

std::string join_shell_words(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words)
    line.append(line.empty() ? "" : " ").append(quote_shell_word(word));
  return line;
}

}  // namespace tarn::builder
