#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "builder/scripts/commands/account_commands.h"
#include "builder/scripts/commands/account_file.h"
#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/tree_visit.h"

namespace tarn::builder {
namespace {

constexpr std::array<LongOption, 1> deluser_long = {{{"remove-home", 'h'}}};
/// It has no short option; 'h' stands for the long one.
constexpr OptionRules deluser_rules = {"h", "", deluser_long};

int fail(const Invocation& invocation, const std::string& text) {
  invocation.complain(text);
  return 1;
}

/// Takes a user out of the group, or of every group when `group` is empty.
void remove_member(const Invocation& invocation, AccountFile& groups, const std::string& user,
                   std::string_view group) {
  bool is_changed = false;
  const auto records = groups.records();
  for (auto record : records) {
    if (!group.empty() && record.front() != group) continue;
    auto members = group_members(record);
    if (std::erase(members, user) == 0) continue;
    record.back() = join_fields(members, ',');
    groups.replace(record.front(), join_fields(record, ':'));
    is_changed = true;
  }
  if (!is_changed) invocation.complain(fmt::format("can't find {} in {}", user, groups.path()));
}

/// Removes a group unless it is someone's own.
int remove_group(const Invocation& invocation, const AccountFile& users, AccountFile& groups,
                 const std::string& name) {
  const auto* const group = groups.find(name);
  const auto gid = record_number(*group);
  for (const auto& user : users.records())
    if (user[3] == fmt::format("{}", gid))
      return fail(invocation,
                  fmt::format("'{}' still has '{}' as their primary group!", user.front(), name));
  groups.erase(name);
  return 0;
}

/// An operand that could be taken for an option is not one here, but for "--".
std::optional<std::string> dash_operand(KnownArguments arguments) {
  for (const auto& argument : arguments.subspan(1))
    if (argument && argument->starts_with('-')) return fmt::format("operand {}", *argument);
  return std::nullopt;
}

int remove_user(const Invocation& invocation, const std::string& name, bool removes_home) {
  AccountFile users(invocation, AccountFile::Kind::passwd);
  AccountFile groups(invocation, AccountFile::Kind::group);
  AccountFile shadow(invocation, AccountFile::Kind::shadow);
  if (users.is_missing() || groups.is_missing()) throw NotNative("deluser: no passwd or group");
  const auto* const user = users.find(name);
  if (user == nullptr) return fail(invocation, fmt::format("unknown user {}", name));
  if (removes_home) remove_tree(invocation, (*user)[5]);
  users.erase(name);
  users.write();
  shadow.erase(name);
  shadow.write();
  remove_member(invocation, groups, name, {});
  const int status =
      groups.find(name) == nullptr ? 0 : remove_group(invocation, users, groups, name);
  groups.write();
  return status;
}

}  // namespace

int run_deluser(const Invocation& invocation) {
  const std::vector<std::optional<std::string>> known(invocation.arguments.begin(),
                                                      invocation.arguments.end());
  if (const auto fault = deluser_unsupported(known)) throw NotNative("deluser: " + *fault);
  const auto given = parse_options(invocation, deluser_rules);
  if (given.operands.size() != 1) throw NotNative("deluser: its usage text");
  return remove_user(invocation, given.operands.front(), given.has('h'));
}

std::optional<std::string> deluser_unsupported(KnownArguments arguments) {
  for (const auto& argument : arguments)
    if (argument && argument->starts_with('-') && !argument->starts_with("--"))
      return "option " + *argument;
  return unsupported_option(arguments, deluser_rules);
}

int run_delgroup(const Invocation& invocation) {
  const std::vector<std::optional<std::string>> known(invocation.arguments.begin(),
                                                      invocation.arguments.end());
  if (const auto fault = dash_operand(known)) throw NotNative("delgroup: " + *fault);
  if (known.size() != 2 && known.size() != 3) throw NotNative("delgroup: its usage text");
  const std::string& name = invocation.arguments.back();
  const AccountFile users(invocation, AccountFile::Kind::passwd);
  AccountFile groups(invocation, AccountFile::Kind::group);
  if (groups.find(name) == nullptr) return fail(invocation, fmt::format("unknown group {}", name));
  int status = 0;
  if (known.size() == 3)
    remove_member(invocation, groups, invocation.arguments[1], name);
  else
    status = remove_group(invocation, users, groups, name);
  groups.write();
  return status;
}

std::optional<std::string> delgroup_unsupported(KnownArguments arguments) {
  return dash_operand(arguments);
}

}  // namespace tarn::builder
