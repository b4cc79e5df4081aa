#include <array>
#include <cerrno>
#include <cstdint>
#include <set>

#include <fmt/core.h>

#include "builder/scripts/commands/account_commands.h"
#include "builder/scripts/commands/account_file.h"
#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/file_copy.h"
#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/tree_visit.h"

namespace tarn::builder {
namespace {

/// Alpine's bounds of numbers: those a user can ask for, and those given out.
constexpr std::uint32_t highest_asked = 256000;
constexpr std::uint32_t first_system = 100;
constexpr std::uint32_t last_system = 999;
constexpr std::uint32_t first_plain = 1000;
constexpr std::uint32_t last_plain = 60000;
/// musl's LOGIN_NAME_MAX, which counts the NUL.
constexpr std::size_t name_limit = 255;

constexpr std::array<LongOption, 2> addgroup_long = {{{"gid", 'g'}, {"system", 'S'}}};
constexpr OptionRules addgroup_rules = {"g:S", "", addgroup_long};

constexpr std::array<LongOption, 10> adduser_long = {{{"home", 'h'},
                                                      {"gecos", 'g'},
                                                      {"shell", 's'},
                                                      {"ingroup", 'G'},
                                                      {"system", 'S'},
                                                      {"disabled-password", 'D'},
                                                      {"empty-password", 'D'},
                                                      {"no-create-home", 'H'},
                                                      {"uid", 'u'},
                                                      {"skel", 'k'}}};
constexpr OptionRules adduser_rules = {"h:g:s:G:SDHu:k:", "", adduser_long};

bool is_name_character(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Whether a user or group can have that name; else it is complained of. '.' and '-' are not for
/// the first letter, '$' only for the last of several.
bool check_name(const Invocation& invocation, std::string_view name) {
  std::size_t at = 0;
  while (at < name.size()) {
    const auto c = static_cast<unsigned char>(name[at]);
    const bool is_inner = at > 0 && (c == '.' || c == '-');
    if (!is_name_character(c) && !is_inner) break;
    ++at;
  }
  const bool ends_in_dollar = at > 0 && at + 1 == name.size() && name[at] == '$';
  if (name.empty() || (at < name.size() && !ends_in_dollar)) {
    const int code = name.empty() ? 0 : static_cast<unsigned char>(name[at]);
    invocation.complain(fmt::format("illegal character with code {} at position {}", code, at));
    return false;
  }
  if (name.size() <= name_limit) return true;
  invocation.complain("name is too long");
  return false;
}

/// The number an option asks for; false, complained of, when it is none.
bool read_number(const Invocation& invocation, const std::string* text,
                 std::optional<std::uint32_t>& number) {
  if (text == nullptr) return true;
  if (text->size() > 10 || text->starts_with("0x") || text->starts_with(" "))
    throw NotNative(fmt::format("{}: number '{}'", invocation.arguments.front(), *text));
  number = parse_decimal(*text);
  const bool is_number = text->find_first_not_of("0123456789") == std::string::npos;
  if (text->empty() || !is_number) {
    invocation.complain(fmt::format("invalid number '{}'", *text));
    return false;
  }
  if (number && *number <= highest_asked) return true;
  invocation.complain(fmt::format("number {} is not in 0..{} range", *text, highest_asked));
  return false;
}

std::set<std::uint32_t> numbers_of(const AccountFile& file) {
  std::set<std::uint32_t> numbers;
  for (const auto& record : file.records()) numbers.insert(record_number(record));
  return numbers;
}

/// The first number of the system's or of people that is in none of the sets.
std::optional<std::uint32_t> free_number(bool is_system, const std::set<std::uint32_t>& taken,
                                         const std::set<std::uint32_t>& taken_too) {
  const auto last = is_system ? last_system : last_plain;
  for (auto number = is_system ? first_system : first_plain; number <= last; ++number)
    if (!taken.contains(number) && !taken_too.contains(number)) return number;
  return std::nullopt;
}

int fail(const Invocation& invocation, const std::string& text) {
  invocation.complain(text);
  return 1;
}

/// Makes a user a member of a group, as `addgroup USER GROUP` does, in its name.
int add_member(const Invocation& invocation, const std::string& user, const std::string& group) {
  const AccountFile users(invocation, AccountFile::Kind::passwd);
  AccountFile groups(invocation, AccountFile::Kind::group);
  if (users.find(user) == nullptr) {
    complain_as(invocation, "addgroup", fmt::format("unknown user {}", user));
    return 1;
  }
  const auto* const record = groups.find(group);
  if (record == nullptr) {
    complain_as(invocation, "addgroup", fmt::format("unknown group {}", group));
    return 1;
  }
  for (const auto& member : group_members(*record))
    if (member == user) return 0;
  auto changed = *record;
  changed.back() += (changed.back().empty() ? "" : ",") + user;
  groups.replace(group, join_fields(changed, ':'));
  groups.write();
  return 0;
}

int append_group(const Invocation& invocation, const std::string& name, std::uint32_t gid) {
  AccountFile groups(invocation, AccountFile::Kind::group);
  if (groups.is_missing()) {
    groups.complain_missing("addgroup");
    return 1;
  }
  groups.append(fmt::format("{}:x:{}:", name, gid));
  groups.write();
  return 0;
}

/// What adduser was asked for.
struct Wish {
  std::string name;
  std::string home;
  std::string comment;
  std::string shell;
  std::optional<std::string> group;
  std::optional<std::uint32_t> uid;
  bool is_system = false;
};

/// The shell of whoever calls: root.
std::string own_shell(const Invocation& invocation, const AccountFile& users) {
  const auto set = invocation.environment.find("SHELL");
  if (set != invocation.environment.end() && !set->second.empty()) return set->second;
  const auto* const root = users.find_number(0);
  return root == nullptr || root->back().empty() ? "/bin/sh" : root->back();
}

std::optional<Wish> read_wish(const Invocation& invocation, const AccountFile& users) {
  const auto given = parse_options(invocation, adduser_rules);
  if (given.operands.empty() || given.operands.size() > 2)
    throw NotNative("adduser: its usage text");
  if (!given.has('S') && !given.has('D')) throw NotNative("adduser: asking for a password");
  Wish wish;
  if (!read_number(invocation, given.value('u'), wish.uid)) return std::nullopt;
  wish.name = given.operands.front();
  if (!check_name(invocation, wish.name)) return std::nullopt;
  wish.is_system = given.has('S');
  const auto value = [&](char letter, std::string otherwise) {
    return given.value(letter) == nullptr ? std::move(otherwise) : *given.value(letter);
  };
  wish.home = value('h', "/home/" + wish.name);
  wish.comment = value('g', "Linux User,,,");
  wish.shell = value('s', wish.is_system ? "/sbin/nologin" : own_shell(invocation, users));
  if (given.value('G') != nullptr)
    wish.group = *given.value('G');
  else if (wish.is_system)
    wish.group = "nogroup";
  return wish;
}

/// The user's and, where one is made, group's number; nothing, complained of, when there is none.
std::optional<std::uint32_t> choose_number(const Invocation& invocation, const Wish& wish,
                                           const AccountFile& users, const AccountFile& groups) {
  const auto refuse = [&](const std::string& text) {
    invocation.complain(text);
    return std::nullopt;
  };
  if (users.find(wish.name) != nullptr) return refuse(fmt::format("user '{}' in use", wish.name));
  if (!wish.group && groups.find(wish.name) != nullptr)
    return refuse(fmt::format("group '{}' in use", wish.name));
  const auto uids = numbers_of(users);
  const auto gids = wish.group ? std::set<std::uint32_t>() : numbers_of(groups);
  if (!wish.uid) {
    const auto number = free_number(wish.is_system, uids, gids);
    if (!number) return refuse("no uids left");
    return number;
  }
  if (uids.contains(*wish.uid) || gids.contains(*wish.uid))
    return refuse(fmt::format("uid '{}' in use", *wish.uid));
  return wish.uid;
}

void write_shadow(const Invocation& invocation, const std::string& name) {
  AccountFile shadow(invocation, AccountFile::Kind::shadow);
  if (shadow.is_missing()) return;
  const auto line =
      fmt::format("{}:!:{}:0:99999:7:::", name, invocation.surroundings.now / (24 * 60 * 60));
  if (shadow.has_line(name))
    shadow.replace(name, line);
  else
    shadow.append(line);
  shadow.write();
}

/// Makes the home, fills a new one from the skeleton, and gives it to the user.
void make_home(const Invocation& invocation, const Wish& wish, const std::string* skeleton,
               std::uint32_t uid, std::uint32_t gid) {
  const std::string home = path_of(invocation, wish.home);
  int problem = invocation.files.make_directory(home, 0755 & ~invocation.umask);
  if (problem == 0) {
    CopyRules rules;
    rules.is_recursive = true;
    rules.is_silent = skeleton == nullptr;
    FileCopier(invocation, rules).copy(skeleton == nullptr ? "/etc/skel" : *skeleton, wish.home);
    visit_tree(
        invocation, home, TreeOrder::folder_first, TreeLinks::none,
        [&](const std::string& path, const Entry&) {
          return invocation.files.set_owner(path, uid, gid, ScriptRootfs::Follow::not_last) == 0;
        },
        [](const std::string&, int) {});
  }
  if (problem == EEXIST) problem = 0;
  if (problem == 0)
    problem = invocation.files.set_owner(home, uid, gid, ScriptRootfs::Follow::last);
  if (problem == 0) problem = invocation.files.set_mode(home, 02755);
  if (problem != 0) complain_of(invocation, wish.home, problem);
}

int add_user(const Invocation& invocation) {
  AccountFile users(invocation, AccountFile::Kind::passwd);
  const AccountFile groups(invocation, AccountFile::Kind::group);
  const auto wish = read_wish(invocation, users);
  if (!wish) return 1;
  const std::vector<std::string>* const group = wish->group ? groups.find(*wish->group) : nullptr;
  if (wish->group && group == nullptr)
    return fail(invocation, fmt::format("unknown group {}", *wish->group));
  const auto uid = choose_number(invocation, *wish, users, groups);
  if (!uid) return 1;
  const auto gid = group == nullptr ? *uid : record_number(*group);
  if (users.is_missing()) {
    users.complain_missing("adduser");
    return 1;
  }
  users.append(fmt::format("{}:x:{}:{}:{}:{}:{}", wish->name, *uid, gid, wish->comment, wish->home,
                           wish->shell));
  users.write();
  write_shadow(invocation, wish->name);
  if (wish->group)
    add_member(invocation, wish->name, *wish->group);
  else
    append_group(invocation, wish->name, gid);
  const auto given = parse_options(invocation, adduser_rules);
  if (!given.has('H')) make_home(invocation, *wish, given.value('k'), *uid, gid);
  return 0;
}

}  // namespace

int run_addgroup(const Invocation& invocation) {
  const auto given = parse_options(invocation, addgroup_rules);
  std::optional<std::uint32_t> gid;
  if (given.operands.empty() || given.operands.size() > 2 ||
      (given.operands.size() == 2 && given.has('g')))
    throw NotNative("addgroup: its usage text");
  if (!read_number(invocation, given.value('g'), gid)) return 1;
  if (given.operands.size() == 2)
    return add_member(invocation, given.operands[0], given.operands[1]);
  const std::string& name = given.operands.front();
  if (!check_name(invocation, name)) return 1;
  const AccountFile groups(invocation, AccountFile::Kind::group);
  if (groups.find(name) != nullptr) return fail(invocation, fmt::format("group '{}' in use", name));
  const auto gids = numbers_of(groups);
  if (gid && gids.contains(*gid)) return fail(invocation, fmt::format("gid '{}' in use", *gid));
  if (!gid) gid = free_number(given.has('S'), gids, {});
  if (!gid) return fail(invocation, "no gids left");
  return append_group(invocation, name, *gid);
}

std::optional<std::string> addgroup_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, addgroup_rules);
}

int run_adduser(const Invocation& invocation) {
  const auto given = parse_options(invocation, adduser_rules);
  if (given.options.empty() && given.operands.size() == 2)
    return add_member(invocation, given.operands[0], given.operands[1]);
  return add_user(invocation);
}

std::optional<std::string> adduser_unsupported(KnownArguments arguments) {
  std::optional<std::string> fault;
  const auto given = parse_known_options(arguments, adduser_rules, fault);
  if (fault) return fault;
  for (const auto& operand : given.operands)
    if (!operand) return std::nullopt;  // may come to be options
  const bool adds_member = given.options.empty() && given.operands.size() == 2;
  if (!adds_member && !given.has('S') && !given.has('D')) return "asking for a password";
  return std::nullopt;
}

}  // namespace tarn::builder
