#include <array>
#include <cerrno>

#include <fmt/core.h>

#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/file_commands.h"
#include "builder/scripts/commands/file_copy.h"
#include "builder/scripts/commands/file_mode.h"
#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/owner_text.h"

namespace tarn::builder {
namespace {

using Follow = ScriptRootfs::Follow;

constexpr std::array<LongOption, 5> long_options = {
    {{"directory", 'd'}, {"mode", 'm'}, {"owner", 'o'}, {"group", 'g'}, {"target-directory", 't'}}};
constexpr OptionRules rules = {"cvbDdpsm:o:g:t:", "vbs", long_options};

/// What is made gets this mode and owner.
struct Access {
  std::uint32_t mode = 0755;
  OwnerNumbers owner;
};

std::optional<Access> read_access(const Invocation& invocation,
                                  const ParsedOptions<std::string>& given) {
  Access access;
  if (const auto* const text = given.value('m')) {
    const auto mode = apply_mode(*text, access.mode, invocation.umask, false);
    if (!mode) throw NotNative(fmt::format("install: mode '{}'", *text));
    access.mode = *mode;
  }
  if (const auto* const text = given.value('o')) {
    const auto uid = parse_user(invocation, *text);
    if (!uid) return std::nullopt;
    access.owner.uid = *uid;
  }
  if (const auto* const text = given.value('g')) {
    const auto gid = parse_group(invocation, *text);
    if (!gid) return std::nullopt;
    access.owner.gid = *gid;
  }
  return access;
}

/// Gives a path its access; a link keeps the owner to itself.
void set_access(const Invocation& invocation, const std::string& path, const Access& access) {
  const std::string place = path_of(invocation, path);
  if (access.owner.uid != ScriptRootfs::same_owner || access.owner.gid != ScriptRootfs::same_owner)
    invocation.files.set_owner(place, access.owner.uid, access.owner.gid, Follow::not_last);
  invocation.files.set_mode(place, access.mode);
}

int install_directories(const Invocation& invocation, const std::vector<std::string>& paths,
                        const Access& access) {
  int status = 0;
  for (const auto& path : paths) {
    DirectoryWish wish;
    wish.parents = DirectoryWish::Parents::made;
    if (make_directories(invocation, path, wish))
      set_access(invocation, path, access);
    else
      status = 1;
  }
  return status;
}

/// The folder that must be there for a file at `path`.
std::string folder_of(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

int install_files(const Invocation& invocation, const ParsedOptions<std::string>& given,
                  const Access& access) {
  auto sources = given.operands;
  const bool has_folder = given.value('t') != nullptr;
  if (sources.size() < (has_folder ? 1 : 2)) throw NotNative("install: its usage text");
  const std::string goal = has_folder ? *given.value('t') : sources.back();
  if (!has_folder) sources.pop_back();
  if (given.has('D')) {
    DirectoryWish wish;
    wish.parents = DirectoryWish::Parents::made;
    wish.mode = 0755;
    // What cannot be made is complained of once more when the file is copied.
    make_directories(invocation, has_folder ? goal : folder_of(goal), wish);
  }
  const bool into_folder = has_folder || is_directory(invocation, goal);
  CopyRules copy_rules;
  copy_rules.follow = CopyRules::Follow::all;
  copy_rules.keeps_all = given.has('p');
  FileCopier copier(invocation, copy_rules);
  int status = 0;
  for (const auto& source : sources) {
    const std::string place = into_folder ? join_path(goal, last_part(source)) : goal;
    if (copier.copy(source, place))
      set_access(invocation, place, access);
    else
      status = 1;
  }
  return status;
}

}  // namespace

int run_install(const Invocation& invocation) {
  const auto given = parse_options(invocation, rules);
  if (given.operands.empty()) throw NotNative("install: its usage text");
  const auto access = read_access(invocation, given);
  if (!access) return 1;
  if (given.has('d')) return install_directories(invocation, given.operands, *access);
  return install_files(invocation, given, *access);
}

std::optional<std::string> install_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, rules);
}

}  // namespace tarn::builder
