#include "builder/import/image_command.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "apk/model/dependency.h"
#include "builder/import/command_words.h"

namespace tarn::builder {
namespace {

const std::string done;

const std::string needs_numbers =
    "the owner is an account that a package makes, whose number is not known here: name its number";
const std::string touches_packages =
    "it changes what a package brings: write it as an entry of 'paths' with the type 'permissions'";

std::optional<std::uint32_t> id(const std::optional<std::string>& text) {
  return text ? parse_id(*text) : std::nullopt;
}

bool has_glob(std::string_view path) {
  return path.find_first_of("*?[") != std::string_view::npos;
}

// apk

void forget_packages(const std::string& name, CommandState& state, RecipeDraft& draft) {
  const auto found = state.virtual_packages.find(name);
  if (found == state.virtual_packages.end()) return draft.remove_package(name);
  for (const std::string& package : found->second) draft.remove_package(package);
  state.virtual_packages.erase(found);
}

std::string add_packages(const CommandWords& words, CommandState& state, RecipeDraft& draft) {
  for (const std::string& package : words.operands) {
    const auto parsed = apk::Dependency::parse(package);
    if (!parsed || parsed->broken || package.find('/') != std::string::npos)
      return fmt::format("'{}' is no package of a repository", package);
  }
  const std::string virtual_name = words.value("-t", "--virtual").value_or("");
  for (const std::string& url : words.all_values("-X", "--repository")) draft.add_repository(url);
  for (const std::string& package : words.operands) {
    const bool was_there =
        std::ranges::find(draft.recipe.contents.packages, package, &Located::text) !=
        draft.recipe.contents.packages.end();
    draft.add_package(package);
    if (!virtual_name.empty() && !was_there)
      state.virtual_packages[virtual_name].push_back(package);
  }
  if (words.has("", "--allow-untrusted"))
    draft.remarks.push_back(
        "apk add --allow-untrusted: name the repository's key under "
        "contents.keyring, or build with --allow-untrusted");
  return done;
}

std::string run_apk(const ImageCommand& command, CommandState& state, RecipeDraft& draft) {
  const CommandWords words(
      command.words, "tXp",
      {"--virtual", "--repository", "--root", "--arch", "--keys-dir", "--repositories-file",
       "--wait", "--cache-dir", "--cache-max-age", "--timeout"});
  if (words.operands.empty()) return done;
  if (words.has("-p", "--root")) return "it fills another root";
  CommandWords rest = words;
  rest.operands.erase(rest.operands.begin());
  const std::string& applet = words.operands.front();
  if (applet == "add") return add_packages(rest, state, draft);
  if (applet == "del") {
    for (const std::string& name : rest.operands) forget_packages(name, state, draft);
    return done;
  }
  // A recipe always has the newest packages, and no cache.
  for (const char* nothing : {"update", "upgrade", "fix", "cache", "info", "version", "policy"})
    if (applet == nothing) return done;
  return fmt::format("'apk {}' has no counterpart in a recipe", applet);
}

// accounts

std::string run_adduser(const ImageCommand& command, CommandState&, RecipeDraft& draft) {
  const CommandWords words(command.words, "hgsGuk",
                           {"--home", "--gecos", "--shell", "--ingroup", "--uid"});
  if (words.operands.empty()) return "no account is named";
  if (words.operands.size() == 2) {
    if (!draft.add_member(words.operands[1], words.operands[0]))
      return fmt::format(
          "the group {} is a package's: list it under accounts.groups with its number",
          words.operands[1]);
    return done;
  }
  auto group = words.value("-G", "--ingroup");
  if (!group && words.has("-S", "--system")) group = "nogroup";
  const RecipeDraft::NewUser user{
      .name = words.operands.front(),
      .uid = id(words.value("-u", "--uid")),
      .group = group,
      .home = words.value("-h", "--home").value_or(""),
      .shell =
          words.value("-s", "--shell").value_or(words.has("-S", "--system") ? "/sbin/nologin" : ""),
      .is_system = words.has("-S", "--system"),
      .makes_home = !words.has("-H", "--no-create-home")};
  if (!draft.add_user(user)) return needs_numbers;
  return done;
}

std::string run_addgroup(const ImageCommand& command, CommandState&, RecipeDraft& draft) {
  const CommandWords words(command.words, "g", {"--gid"});
  if (words.operands.empty()) return "no group is named";
  if (words.operands.size() == 2) {
    if (!draft.add_member(words.operands[1], words.operands[0]))
      return fmt::format(
          "the group {} is a package's: list it under accounts.groups with its number",
          words.operands[1]);
    return done;
  }
  if (!draft.gid_of(words.operands.front()))
    draft.add_group(words.operands.front(), id(words.value("-g", "--gid")),
                    words.has("-S", "--system"));
  return done;
}

std::string run_useradd(const ImageCommand& command, CommandState&, RecipeDraft& draft) {
  const CommandWords words(
      command.words, "ugdscGkKebf",
      {"--uid", "--gid", "--home-dir", "--shell", "--comment", "--groups", "--home", "--base-dir"});
  if (words.operands.size() != 1) return "no account is named";
  const auto groups = words.value("-G", "--groups");
  if (groups) return "put the user into the groups under accounts.groups";
  const RecipeDraft::NewUser user{.name = words.operands.front(),
                                  .uid = id(words.value("-u", "--uid")),
                                  .group = words.value("-g", "--gid"),
                                  .home = words.value("-d", "--home-dir").value_or(""),
                                  .shell = words.value("-s", "--shell").value_or(""),
                                  .is_system = words.has("-r", "--system"),
                                  .makes_home = words.has("-m", "--create-home")};
  if (!draft.add_user(user)) return needs_numbers;
  return done;
}

std::string run_groupadd(const ImageCommand& command, CommandState&, RecipeDraft& draft) {
  const CommandWords words(command.words, "gKp", {"--gid"});
  if (words.operands.size() != 1) return "no group is named";
  draft.add_group(words.operands.front(), id(words.value("-g", "--gid")),
                  words.has("-r", "--system"));
  return done;
}

// files

std::string run_mkdir(const ImageCommand& command, CommandState& state, RecipeDraft& draft) {
  const CommandWords words(command.words, "m", {"--mode"});
  std::optional<std::uint32_t> mode;
  if (const auto text = words.value("-m", "--mode")) {
    mode = parse_mode(*text);
    if (!mode) return fmt::format("the mode '{}' is no number", *text);
  }
  for (const std::string& path : words.operands)
    draft.make_directory(RecipeDraft::absolute(path, state.folder), mode);
  return done;
}

/// "user:group", "user", ":group".
std::optional<RecipeDraft::Access> owner(std::string_view text, const RecipeDraft& draft) {
  RecipeDraft::Access access;
  const std::size_t colon = text.find(':');
  const std::string_view user = text.substr(0, colon);
  if (!user.empty()) {
    access.uid = draft.uid_of(user);
    if (!access.uid) return std::nullopt;
  }
  if (colon != std::string_view::npos) {
    const std::string_view group = text.substr(colon + 1);
    access.gid = group.empty() ? access.uid : draft.gid_of(group);
    if (!access.gid) return std::nullopt;
  }
  return access;
}

/// Whether the recipe itself makes all these paths.
bool makes_all(const std::vector<std::string>& paths, std::size_t from, const CommandState& state,
               RecipeDraft& draft) {
  for (std::size_t i = from; i < paths.size(); ++i)
    if (!draft.set_access(RecipeDraft::absolute(paths[i], state.folder), {}, false)) return false;
  return true;
}

std::string run_chown(const ImageCommand& command, CommandState& state, RecipeDraft& draft) {
  const CommandWords words(command.words, "", {});
  if (words.operands.size() < 2) return "no path is named";
  std::string wanted = words.operands.front();
  if (command.words.front() == "chgrp") wanted.insert(0, ":");
  const auto access = owner(wanted, draft);
  if (!access) return needs_numbers;
  if (!makes_all(words.operands, 1, state, draft)) return touches_packages;
  for (std::size_t i = 1; i < words.operands.size(); ++i)
    draft.set_access(RecipeDraft::absolute(words.operands[i], state.folder), *access,
                     words.has("-R", "--recursive"));
  return done;
}

std::string run_chmod(const ImageCommand& command, CommandState& state, RecipeDraft& draft) {
  const CommandWords words(command.words, "", {});
  if (words.operands.size() < 2) return "no path is named";
  const std::string& text = words.operands.front();
  auto mode = parse_mode(text);
  if (!mode && (text == "+x" || text == "a+x")) mode = 0755;
  if (!mode) return fmt::format("the mode '{}' is no number", text);
  const bool is_recursive = words.has("-R", "--recursive");
  if (!makes_all(words.operands, 1, state, draft)) return touches_packages;
  for (std::size_t i = 1; i < words.operands.size(); ++i)
    draft.set_access(RecipeDraft::absolute(words.operands[i], state.folder),
                     {.uid = {}, .gid = {}, .mode = mode}, is_recursive);
  return done;
}

std::string run_ln(const ImageCommand& command, CommandState& state, RecipeDraft& draft) {
  const CommandWords words(command.words, "", {});
  if (words.operands.size() != 2) return "write each link as an entry of 'paths'";
  std::string path = RecipeDraft::absolute(words.operands[1], state.folder);
  if (words.operands[1].ends_with('/'))
    path += "/" + words.operands[0].substr(words.operands[0].rfind('/') + 1);
  const bool is_symbolic = words.has("-s", "--symbolic");
  draft.add_path(
      is_symbolic ? PathType::symlink : PathType::hardlink, path,
      is_symbolic ? words.operands[0] : RecipeDraft::absolute(words.operands[0], state.folder));
  return done;
}

std::string run_touch(const ImageCommand& command, CommandState& state, RecipeDraft& draft) {
  const CommandWords words(command.words, "dtr", {"--date", "--reference"});
  if (words.has("-d", "--date") || words.has("-t", "") || words.has("-r", "--reference"))
    return "a recipe gives no times to files";
  for (const std::string& path : words.operands)
    draft.add_path(PathType::empty_file, RecipeDraft::absolute(path, state.folder));
  return done;
}

std::string run_install(const ImageCommand& command, CommandState& state, RecipeDraft& draft) {
  const CommandWords words(command.words, "mog", {"--mode", "--owner", "--group"});
  if (!words.has("-d", "--directory")) return "list the files under 'files'";
  RecipeDraft::Access access;
  if (const auto mode = words.value("-m", "--mode")) {
    access.mode = parse_mode(*mode);
    if (!access.mode) return fmt::format("the mode '{}' is no number", *mode);
  }
  if (const auto user = words.value("-o", "--owner")) {
    access.uid = draft.uid_of(*user);
    if (!access.uid) return needs_numbers;
  }
  if (const auto group = words.value("-g", "--group")) {
    access.gid = draft.gid_of(*group);
    if (!access.gid) return needs_numbers;
  }
  for (const std::string& operand : words.operands) {
    const std::string path = RecipeDraft::absolute(operand, state.folder);
    draft.make_directory(path, access.mode);
    draft.set_access(path, access, false);
  }
  return done;
}

/// What apk and the tools of a build leave behind; a recipe's image has none of it.
bool is_left_over(std::string_view path) {
  for (const std::string_view folder :
       {"/var/cache/", "/tmp/", "/var/tmp/", "/root/.cache", "/usr/src/"})
    if (path.starts_with(folder)) return true;
  return path == "/tmp" || path == "/var/tmp" || path == "/var/cache" || path == "/usr/src";
}

std::string run_rm(const ImageCommand& command, CommandState& state, RecipeDraft& draft) {
  const CommandWords words(command.words, "", {});
  for (const std::string& operand : words.operands) {
    const std::string path = RecipeDraft::absolute(operand, state.folder);
    if (path == "/" || path == "/*") return "it removes everything";
    if (is_left_over(path)) continue;
    std::erase_if(draft.recipe.paths, [&](const PathEntry& entry) { return entry.path == path; });
    if (std::erase_if(draft.recipe.files,
                      [&](const FileEntry& file) { return file.path == path; }) == 0)
      draft.recipe.prune.push_back({path, {}});
  }
  return done;
}

std::string run_rc_update(const ImageCommand& command, CommandState&, RecipeDraft& draft) {
  const CommandWords words(command.words, "", {});
  if (words.operands.size() < 2 || words.operands.front() != "add")
    return "write the runlevel's links under 'paths'";
  const std::string level = words.operands.size() > 2 ? words.operands[2] : "default";
  draft.add_path(PathType::symlink, fmt::format("/etc/runlevels/{}/{}", level, words.operands[1]),
                 "/etc/init.d/" + words.operands[1]);
  return done;
}

// output into files

/// What printf, echo or cat say; nothing where that is not the words alone.
std::optional<std::string> said(const ImageCommand& command) {
  const auto& words = command.words;
  if (words[0] == "cat") {
    if (words.size() > 1 || command.input.empty()) return std::nullopt;
    return command.input;
  }
  std::size_t from = 1;
  bool ends_line = words[0] == "echo";
  bool escapes = words[0] == "printf";
  while (words[0] == "echo" && from < words.size() &&
         (words[from] == "-n" || words[from] == "-e" || words[from] == "-ne")) {
    if (words[from].find('n') != std::string::npos) ends_line = false;
    if (words[from].find('e') != std::string::npos) escapes = true;
    ++from;
  }
  std::string text;
  for (std::size_t i = from; i < words.size(); ++i)
    text.append(i == from ? "" : " ").append(words[i]);
  if (words[0] == "printf" && (words.size() != 2 || text.find('%') != std::string::npos)) {
    if (words.size() == 3 && (words[1] == "%s" || words[1] == "%s\\n"))
      return words[2] + (words[1].size() > 2 ? "\n" : "");
    return std::nullopt;
  }
  if (escapes) {
    auto unescaped = unescape(text);
    if (!unescaped) return std::nullopt;
    text = *std::move(unescaped);
  }
  return text + (ends_line ? "\n" : "");
}

std::string write_output(const ImageCommand& command, RecipeDraft& draft) {
  const auto text = said(command);
  if (!text) return "what it writes is known only when it runs: write the file under 'files'";
  if (command.output == "/etc/apk/repositories") {
    std::string_view rest = *text;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      if (end != 0) draft.add_repository(std::string(rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return done;
  }
  FileEntry* file = draft.file_at(command.output);
  if (command.appends && (file == nullptr || !file->content))
    return "it adds to a file of a package: write the whole file under 'files'";
  if (file == nullptr) {
    FileEntry added;
    added.path = command.output;
    draft.recipe.files.push_back(std::move(added));
    file = &draft.recipe.files.back();
  }
  if (!command.appends) file->content.emplace();
  *file->content += *text;
  return done;
}

std::string change_folder(const ImageCommand& command, CommandState& state, RecipeDraft&) {
  if (command.words.size() > 2) return "it is no folder";
  state.folder =
      command.words.size() < 2 ? "/root" : RecipeDraft::absolute(command.words[1], state.folder);
  return done;
}

std::string export_variables(const ImageCommand& command, CommandState& state, RecipeDraft&) {
  for (std::size_t i = 1; i < command.words.size(); ++i) {
    const std::size_t equals = command.words[i].find('=');
    if (equals != std::string::npos)
      state.variables.insert_or_assign(command.words[i].substr(0, equals),
                                       command.words[i].substr(equals + 1));
  }
  return done;
}

std::string do_nothing(const ImageCommand&, CommandState&, RecipeDraft&) {
  return done;
}

using Handler = std::string (*)(const ImageCommand&, CommandState&, RecipeDraft&);

constexpr std::pair<std::string_view, Handler> handlers[] = {{"apk", run_apk},
                                                             {"adduser", run_adduser},
                                                             {"addgroup", run_addgroup},
                                                             {"useradd", run_useradd},
                                                             {"groupadd", run_groupadd},
                                                             {"mkdir", run_mkdir},
                                                             {"chown", run_chown},
                                                             {"chgrp", run_chown},
                                                             {"chmod", run_chmod},
                                                             {"ln", run_ln},
                                                             {"touch", run_touch},
                                                             {"install", run_install},
                                                             {"rm", run_rm},
                                                             {"rmdir", run_rm},
                                                             {"rc-update", run_rc_update},
                                                             {"cd", change_folder},
                                                             {"export", export_variables},
                                                             {"set", do_nothing},
                                                             {"true", do_nothing},
                                                             {":", do_nothing},
                                                             {"exit", do_nothing},
                                                             {"sync", do_nothing},
                                                             {"echo", do_nothing},
                                                             {"printf", do_nothing},
                                                             {"unset", do_nothing},
                                                             {"umask", do_nothing},
                                                             {"sleep", do_nothing}};

/// Why a command that is often seen in Dockerfiles has no counterpart, and what to do instead.
std::string reason_for(std::string_view name) {
  for (const std::string_view one : {"wget", "curl", "git"})
    if (name == one)
      return "a build fetches packages only: put the file beside the recipe and list it under "
             "'files'";
  for (const std::string_view one :
       {"pip", "pip3", "npm", "yarn", "pnpm", "gem", "composer", "bundle", "cargo", "go", "pecl"})
    if (name == one)
      return "it installs what is no package of Alpine: take the package if there is one, or bring "
             "the files under 'files'";
  for (const std::string_view one : {"make", "gcc", "cmake", "configure", "./configure"})
    if (name == one) return "tarn compiles nothing: make a package of it";
  if (name == "sed" || name == "cp" || name == "mv")
    return "it works on files of packages: write the result under 'files'";
  return "it would have to run in the image: write what comes of it as 'files' or 'paths'";
}

}  // namespace

std::string import_command(const ImageCommand& command, CommandState& state, RecipeDraft& draft) {
  const std::string& path = command.words.front();
  const std::string name = path.substr(path.rfind('/') + 1);
  if (!command.output.empty()) {
    if (name == "echo" || name == "printf" || name == "cat") return write_output(command, draft);
    return "what it writes is known only when it runs: write the file under 'files'";
  }
  for (const auto& [known, handler] : handlers) {
    if (known != name) continue;
    const bool names_paths = name != "rm" && name != "apk" && name != "echo" && name != "printf";
    if (names_paths && std::ranges::any_of(command.words, has_glob))
      return "which paths it means is known only when it runs: name them";
    return handler(command, state, draft);
  }
  return reason_for(name);
}

}  // namespace tarn::builder
