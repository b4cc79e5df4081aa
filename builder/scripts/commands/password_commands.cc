#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "builder/scripts/commands/account_commands.h"
#include "builder/scripts/commands/account_file.h"
#include "builder/scripts/commands/options.h"

namespace tarn::builder {
namespace {

constexpr OptionRules passwd_rules = {"a:dlu", "a", {}};
constexpr std::array<LongOption, 2> chpasswd_long = {{{"encrypted", 'e'}, {"md5", 'm'}}};
constexpr OptionRules chpasswd_rules = {"ec:mR:", "cmR", chpasswd_long};

/// Sets the second field of a user's line in shadow, with the day of the change, or where shadow
/// has none, in passwd.
void set_password(const Invocation& invocation, const std::string& name,
                  const std::string& password) {
  for (const auto kind : {AccountFile::Kind::shadow, AccountFile::Kind::passwd}) {
    AccountFile file(invocation, kind);
    if (!file.has_line(name)) continue;
    for (const auto& line : file.lines()) {
      auto fields = account_fields(line, 4);
      if (fields.front() != name) continue;
      if (fields.size() < 4)
        throw NotNative(fmt::format("a line of {} that is cut short", file.path()));
      fields[1] = password;
      if (kind == AccountFile::Kind::shadow)
        fields[2] = fmt::format("{}", invocation.surroundings.now / (24 * 60 * 60));
      file.replace(name, join_fields(fields, ':'));
      break;
    }
    file.write();
    return;
  }
}

/// The password as shadow or, complained of, passwd has it.
std::string current_password(const Invocation& invocation, const AccountFile& users,
                             const std::string& name) {
  const AccountFile shadow(invocation, AccountFile::Kind::shadow);
  for (const auto& line : shadow.lines()) {
    if (!line.starts_with(name + ":")) continue;
    if (std::count(line.begin(), line.end(), ':') != 8)
      throw NotNative("a malformed line of /etc/shadow");
  }
  if (const auto* const record = shadow.find(name)) return (*record)[1];
  if (!shadow.is_missing())
    invocation.complain(
        fmt::format("no record of {} in {}, using {}", name, shadow.path(), users.path()));
  return (*users.find(name))[1];
}

int change_password(const Invocation& invocation, const std::string& name, char change) {
  const AccountFile users(invocation, AccountFile::Kind::passwd);
  if (users.find(name) == nullptr) {
    invocation.complain(fmt::format("unknown user {}", name));
    return 1;
  }
  const std::string password = current_password(invocation, users, name);
  const bool is_locked = password.starts_with('!');
  std::string changed;
  if (change == 'l') {
    if (is_locked) {
      invocation.complain(fmt::format("password for {} is already locked", name));
      return 1;
    }
    changed = "!" + password;
  } else if (change == 'u') {
    if (!is_locked) {
      invocation.complain(fmt::format("password for {} is already unlocked", name));
      return 1;
    }
    changed = password.substr(1);
  }
  set_password(invocation, name, changed);
  invocation.complain(fmt::format("password for {} changed by root", name));
  return 0;
}

}  // namespace

int run_passwd(const Invocation& invocation) {
  const auto given = parse_options(invocation, passwd_rules);
  if (given.options.empty()) throw NotNative("passwd: asking for a password");
  if (given.options.size() > 1) throw NotNative("passwd: several options");
  if (given.operands.size() != 1) throw NotNative("passwd: its usage text");
  return change_password(invocation, given.operands.front(), given.options.front().letter);
}

std::optional<std::string> passwd_unsupported(KnownArguments arguments) {
  std::optional<std::string> fault;
  const auto given = parse_known_options(arguments, passwd_rules, fault);
  if (fault) return fault;
  const bool is_known = std::all_of(arguments.begin(), arguments.end(),
                                    [](const auto& argument) { return argument.has_value(); });
  if (given.options.size() > 1) return "several options";
  if (given.options.empty() && is_known) return "asking for a password";
  return std::nullopt;
}

int run_chpasswd(const Invocation& invocation) {
  const auto given = parse_options(invocation, chpasswd_rules);
  if (!given.has('e')) throw NotNative("chpasswd: making a password's hash");
  if (!given.operands.empty()) throw NotNative("chpasswd: operands");
  while (const auto line = invocation.input.read_line()) {
    invocation.budget.spend_steps();
    const auto colon = line->find(':');
    if (colon == std::string::npos) {
      invocation.complain("missing new password");
      return 1;
    }
    const std::string name = line->substr(0, colon);
    if (AccountFile(invocation, AccountFile::Kind::passwd).find(name) == nullptr) {
      invocation.complain(fmt::format("unknown user {}", name));
      return 1;
    }
    set_password(invocation, name, line->substr(colon + 1));
    invocation.complain(fmt::format("password for '{}' changed", name));
  }
  return 0;
}

std::optional<std::string> chpasswd_unsupported(KnownArguments arguments) {
  std::optional<std::string> fault;
  const auto given = parse_known_options(arguments, chpasswd_rules, fault);
  if (fault) return fault;
  if (!given.operands.empty()) return given.operands.front() ? std::optional("operands") : fault;
  if (!given.has('e')) return "making a password's hash";
  return std::nullopt;
}

}  // namespace tarn::builder
