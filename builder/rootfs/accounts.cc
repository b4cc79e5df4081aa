#include "builder/rootfs/accounts.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/rootfs/entry_fault.h"

namespace tarn::builder {
namespace {

constexpr std::string_view passwd_path = "etc/passwd";
constexpr std::string_view group_path = "etc/group";
constexpr std::string_view shadow_path = "etc/shadow";

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (text.empty() || error != std::errc() || end != last) return std::nullopt;
  return number;
}

std::optional<UserLine> parse_user(const std::string& line) {
  auto fields = split(line, ':');
  if (fields.size() != 7 || fields[0].empty()) return std::nullopt;
  const auto uid = parse_number(fields[2]);
  const auto gid = parse_number(fields[3]);
  if (!uid || !gid) return std::nullopt;
  return UserLine{std::move(fields[0]), *uid, *gid, std::move(fields[4]), std::move(fields[5]),
                  std::move(fields[6])};
}

std::optional<GroupLine> parse_group(const std::string& line) {
  auto fields = split(line, ':');
  if (fields.size() != 4 || fields[0].empty()) return std::nullopt;
  const auto gid = parse_number(fields[2]);
  if (!gid) return std::nullopt;
  GroupLine group{std::move(fields[0]), *gid, {}};
  if (!fields[3].empty()) group.members = split(fields[3], ',');
  return group;
}

std::string user_text(const UserLine& user, std::string_view password) {
  return fmt::format("{}:{}:{}:{}:{}:{}:{}", user.name, password, user.uid, user.gid, user.comment,
                     user.home, user.shell);
}

std::string group_text(const GroupLine& group, std::string_view password) {
  std::string members;
  for (const auto& member : group.members) members += (members.empty() ? "" : ",") + member;
  return fmt::format("{}:{}:{}:{}", group.name, password, group.gid, members);
}

template <typename File, typename Parse>
void read_lines(const Rootfs& rootfs, std::string_view path, File& file, Parse parse) {
  const auto text = rootfs.read_file(path);
  if (!text || text->empty()) return;
  auto lines = split(*text, '\n');
  if (lines.back().empty()) lines.pop_back();
  for (auto& line : lines) {
    auto parsed = parse(line);
    file.lines.push_back({std::move(line), std::move(parsed)});
  }
}

template <typename Lines, typename Accepts>
auto* find_line(Lines& lines, Accepts accepts) {
  const auto found = std::find_if(lines.begin(), lines.end(), [&](const auto& line) {
    return line.parsed && accepts(*line.parsed);
  });
  return found == lines.end() ? nullptr : &*found;
}

template <typename Lines, typename Accepts>
auto* find_parsed(const Lines& lines, Accepts accepts) {
  const auto* const line = find_line(lines, accepts);
  return line == nullptr ? nullptr : &*line->parsed;
}

/// The password field of a line of passwd or group.
std::string password_of(const std::string& line) {
  return split(line, ':')[1];
}

bool is_account_name(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '$';
  };
  return !name.empty() && name.size() <= 256 && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), is_plain);
}

void check_name(std::string_view kind, const std::string& name, const Position& position) {
  if (!is_account_name(name))
    throw entry_fault(position, fmt::format("'{}' is no name for a {}", name, kind))
        .hint("a name has letters, digits, '_', '.', '-' and '$'");
}

void check_field(std::string_view field, const std::string& text, const Position& position) {
  for (const char c : text)
    if (c == ':' || static_cast<unsigned char>(c) < ' ' || c == 0x7f)
      throw entry_fault(
          position,
          fmt::format("a {} with ':' or control characters: etc/passwd cannot hold it", field));
}

Error number_taken(const Position& position, std::string_view kind, const std::string& name,
                   std::uint32_t number, const std::string& other) {
  return entry_fault(position, fmt::format("{} '{}': the number {} is that of '{}'", kind, name,
                                           number, other))
      .hint(fmt::format("give '{}' another number, or use '{}'", name, other));
}

Error name_taken(const Position& position, std::string_view kind, const std::string& name,
                 const std::string& wanted, const std::string& found) {
  return entry_fault(position,
                     fmt::format("{} '{}' is there already with another number", kind, name))
      .detail("expected", wanted)
      .detail("found", found)
      .hint("leave the entry out, or give it the number that is there");
}

void apply_group(AccountDatabase& database, const Group& group) {
  check_name("group", group.name, group.position);
  for (const auto& member : group.members) check_name("user", member, group.position);
  if (const auto* const there = database.find_group(group.name)) {
    if (there->gid != group.gid)
      throw name_taken(group.position, "group", group.name, fmt::format("gid {}", group.gid),
                       fmt::format("gid {}", there->gid));
  } else if (const auto* const other = database.find_group(group.gid)) {
    throw number_taken(group.position, "group", group.name, group.gid, other->name);
  } else {
    database.add_group({group.name, group.gid, {}});
  }
  for (const auto& member : group.members) database.add_member(group.name, member);
}

void check_user(const User& user) {
  check_name("user", user.name, user.position);
  check_field("home", user.home, user.position);
  check_field("shell", user.shell, user.position);
  if (user.uid == 0)
    throw entry_fault(user.position, fmt::format("user '{}': the number 0 is root's", user.name));
}

void apply_user(AccountDatabase& database, const User& user, std::int64_t day) {
  check_user(user);
  const std::uint32_t gid = user.gid.value_or(user.uid);
  if (const auto* const there = database.find_user(user.name)) {
    if (there->uid != user.uid || (user.gid && there->gid != gid))
      throw name_taken(user.position, "user", user.name,
                       fmt::format("uid {}, gid {}", user.uid, gid),
                       fmt::format("uid {}, gid {}", there->uid, there->gid));
    const std::string home = user.home.empty() ? there->home : user.home;
    const std::string shell = user.shell.empty() ? there->shell : user.shell;
    database.set_home_and_shell(user.name, home, shell);
    return;
  }
  if (const auto* const other = database.find_user(user.uid))
    throw number_taken(user.position, "user", user.name, user.uid, other->name);
  if (database.find_group(gid) == nullptr && database.find_group(user.name) == nullptr)
    database.add_group({user.name, gid, {}});
  database.add_user(
      {user.name, user.uid, gid, "", user.home.empty() ? "/home/" + user.name : user.home,
       user.shell.empty() ? "/bin/sh" : user.shell},
      day);
}

void make_home(Rootfs& rootfs, const UserLine& user) {
  if (user.home.empty() || user.home == "/dev/null") return;
  if (rootfs.find(user.home) != nullptr) return;
  Node& home = *rootfs.make_directories(user.home, Owner{}).node;
  home.mode = 0700;
  home.uid = user.uid;
  home.gid = user.gid;
}

std::string resolve_name(std::string_view kind, std::string_view name, std::string_view file,
                         const std::optional<std::uint32_t>& number, std::string_view whole) {
  if (number) return fmt::format("{}", *number);
  if (parse_number(name)) return std::string(name);
  throw Error(ErrorKind::usage,
              fmt::format("run-as '{}': there is no {} '{}' in /{}", whole, kind, name, file))
      .hint(fmt::format("add it to the recipe's accounts, install the package that makes it, or "
                        "give its number"));
}

}  // namespace

template <typename Parsed>
std::string AccountDatabase::File<Parsed>::text() const {
  std::string text;
  for (const auto& line : lines) text.append(line.text).append("\n");
  return text;
}

AccountDatabase::AccountDatabase(const Rootfs& rootfs) {
  read_lines(rootfs, passwd_path, users_, parse_user);
  read_lines(rootfs, group_path, groups_, parse_group);
  read_lines(rootfs, shadow_path, shadow_, [](const std::string& line) {
    return std::optional(ShadowLine{line.substr(0, line.find(':'))});
  });
}

const UserLine* AccountDatabase::find_user(std::string_view name) const {
  return find_parsed(users_.lines, [&](const UserLine& user) { return user.name == name; });
}

const UserLine* AccountDatabase::find_user(std::uint32_t uid) const {
  return find_parsed(users_.lines, [&](const UserLine& user) { return user.uid == uid; });
}

const GroupLine* AccountDatabase::find_group(std::string_view name) const {
  return find_parsed(groups_.lines, [&](const GroupLine& group) { return group.name == name; });
}

const GroupLine* AccountDatabase::find_group(std::uint32_t gid) const {
  return find_parsed(groups_.lines, [&](const GroupLine& group) { return group.gid == gid; });
}

void AccountDatabase::add_user(const UserLine& user, std::int64_t day) {
  users_.lines.push_back({user_text(user, "x"), user});
  users_.changed = true;
  const auto is_same = [&](const ShadowLine& line) { return line.name == user.name; };
  if (find_line(shadow_.lines, is_same) != nullptr) return;
  shadow_.lines.push_back(
      {fmt::format("{}:!:{}:0:99999:7:::", user.name, day), ShadowLine{user.name}});
  shadow_.changed = true;
}

void AccountDatabase::add_group(const GroupLine& group) {
  groups_.lines.push_back({group_text(group, "x"), group});
  groups_.changed = true;
}

void AccountDatabase::set_home_and_shell(std::string_view name, const std::string& home,
                                         const std::string& shell) {
  auto* const line =
      find_line(users_.lines, [&](const UserLine& user) { return user.name == name; });
  if (line == nullptr || (line->parsed->home == home && line->parsed->shell == shell)) return;
  line->parsed->home = home;
  line->parsed->shell = shell;
  line->text = user_text(*line->parsed, password_of(line->text));
  users_.changed = true;
}

void AccountDatabase::add_member(std::string_view group, std::string_view user) {
  auto* const line =
      find_line(groups_.lines, [&](const GroupLine& known) { return known.name == group; });
  if (line == nullptr) return;
  auto& members = line->parsed->members;
  if (std::find(members.begin(), members.end(), user) != members.end()) return;
  members.emplace_back(user);
  line->text = group_text(*line->parsed, password_of(line->text));
  groups_.changed = true;
}

void AccountDatabase::write(Rootfs& rootfs) const {
  if (users_.changed) rootfs.write_file(passwd_path, users_.text(), Owner{});
  if (groups_.changed) rootfs.write_file(group_path, groups_.text(), Owner{});
  if (!shadow_.changed) return;
  const bool is_new = rootfs.find(shadow_path, Rootfs::Follow::last) == nullptr;
  Node& shadow = *rootfs.write_file(shadow_path, shadow_.text(), Owner{}).node;
  if (!is_new) return;
  shadow.mode = 0640;
  const auto* const group = find_group("shadow");
  shadow.gid = group == nullptr ? 0 : group->gid;
}

void apply_accounts(Rootfs& rootfs, const Accounts& accounts, std::int64_t created) {
  if (accounts.users.empty() && accounts.groups.empty()) return;
  const std::int64_t day = std::max<std::int64_t>(created, 0) / 86400;
  AccountDatabase database(rootfs);
  for (const auto& group : accounts.groups) apply_group(database, group);
  for (const auto& user : accounts.users) apply_user(database, user, day);
  database.write(rootfs);
  for (const auto& user : accounts.users)
    blame_entry(user.position, [&] { make_home(rootfs, *database.find_user(user.name)); });
}

std::string resolve_run_as(const Rootfs& rootfs, std::string_view run_as) {
  if (run_as.empty()) return {};
  const AccountDatabase database(rootfs);
  const auto colon = run_as.find(':');
  const auto user_name = run_as.substr(0, colon);
  const auto* const user = database.find_user(user_name);
  std::string resolved =
      resolve_name("user", user_name, passwd_path,
                   user == nullptr ? std::nullopt : std::optional(user->uid), run_as);
  if (colon == std::string_view::npos) return resolved;
  const auto group_name = run_as.substr(colon + 1);
  const auto* const group = database.find_group(group_name);
  return resolved + ":" +
         resolve_name("group", group_name, group_path,
                      group == nullptr ? std::nullopt : std::optional(group->gid), run_as);
}

}  // namespace tarn::builder
