#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "builder/scripts/commands/account_commands.h"
#include "builder/scripts/commands/account_file.h"
#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/options.h"

namespace tarn::builder {
namespace {

constexpr OptionRules getent_rules = {"+", "", {}};
constexpr OptionRules id_rules = {"ugGnr", "", {}};
constexpr int not_found = 2;

/// A database of getent.
std::optional<AccountFile::Kind> database_kind(std::string_view name) {
  if (name == "passwd") return AccountFile::Kind::passwd;
  if (name == "group") return AccountFile::Kind::group;
  if (name == "shadow") return AccountFile::Kind::shadow;
  return std::nullopt;
}

void print_record(const Invocation& invocation, AccountFile::Kind kind,
                  std::vector<std::string> record) {
  // A group without members ends with its number.
  if (kind == AccountFile::Kind::group && record.back().empty()) record.pop_back();
  invocation.output.write(join_fields(record, ':') + "\n");
}

/// A user or group as id and its kin say it.
class Names {
 public:
  explicit Names(const Invocation& invocation)
      : invocation_(invocation),
        users_(invocation, AccountFile::Kind::passwd),
        groups_(invocation, AccountFile::Kind::group) {}

  const std::vector<std::string>* user(std::string_view name) const { return users_.find(name); }

  /// "0(root)", or the number alone when nothing has it.
  static std::string both(const AccountFile& file, std::uint32_t number) {
    const auto* const record = file.find_number(number);
    if (record == nullptr) return fmt::format("{}", number);
    return fmt::format("{}({})", number, record->front());
  }
  std::string user_both(std::uint32_t uid) const { return both(users_, uid); }
  std::string group_both(std::uint32_t gid) const { return both(groups_, gid); }

  /// Prints a number or, if asked, its name; a name that is missing is complained of and counts as
  /// a failure.
  void print_user(std::uint32_t uid, bool as_name) { print(users_, uid, as_name); }
  void print_group(std::uint32_t gid, bool as_name) { print(groups_, gid, as_name); }
  bool failed() const { return failed_; }

  /// A user's groups: the own one, then those that have it as a member.
  std::vector<std::uint32_t> groups_of(const std::vector<std::string>& user) const {
    std::vector<std::uint32_t> gids = {parse_decimal(user[3]).value_or(0)};
    for (const auto& group : groups_.records()) {
      const auto members = group_members(group);
      if (std::find(members.begin(), members.end(), user.front()) != members.end())
        gids.push_back(record_number(group));
    }
    return gids;
  }

 private:
  void print_name(const AccountFile& file, std::uint32_t number) {
    const auto* const record = file.find_number(number);
    invocation_.output.write(record == nullptr ? fmt::format("{}", number) : record->front());
    if (record != nullptr) return;
    invocation_.complain(fmt::format("unknown ID {}", number));
    failed_ = true;
  }
  void print(const AccountFile& file, std::uint32_t number, bool as_name) {
    if (as_name)
      print_name(file, number);
    else
      invocation_.output.write(fmt::format("{}", number));
  }

  const Invocation& invocation_;
  AccountFile users_;
  AccountFile groups_;
  bool failed_ = false;
};

/// Who id and groups speak of: the caller, who is root and in no further groups, or a user.
struct Person {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  ///< empty of the caller
};

std::optional<Person> find_person(const Invocation& invocation, const Names& names,
                                  const std::vector<std::string>& operands) {
  if (operands.empty()) return Person{};
  const auto* const user = names.user(operands.front());
  if (user == nullptr) {
    invocation.complain(fmt::format("unknown user {}", operands.front()));
    return std::nullopt;
  }
  return Person{record_number(*user), parse_decimal((*user)[3]).value_or(0),
                names.groups_of(*user)};
}

/// Prints the groups in one line: the own one, then the others.
int print_groups(const Invocation& invocation, const std::vector<std::string>& operands,
                 bool as_names) {
  Names names(invocation);
  const auto person = find_person(invocation, names, operands);
  if (!person) return 1;
  names.print_group(person->gid, as_names);
  for (const auto gid : person->groups) {
    if (gid == person->gid) continue;
    invocation.output.write(" ");
    names.print_group(gid, as_names);
  }
  invocation.output.write("\n");
  return names.failed() ? 1 : 0;
}

}  // namespace

int run_getent(const Invocation& invocation) {
  const auto arguments = invocation.arguments;
  const auto kind = arguments.size() < 2 ? std::nullopt : database_kind(arguments[1]);
  if (!kind) throw NotNative("getent: another database");
  const AccountFile file(invocation, *kind);
  int status = 0;
  if (arguments.size() == 2)
    for (const auto& record : file.records()) print_record(invocation, *kind, record);
  for (const auto& key : arguments.subspan(2)) {
    if (key.starts_with('-') || key.starts_with('+')) throw NotNative("getent: key " + key);
    const auto number = parse_decimal(key);
    const bool is_number = number && *kind != AccountFile::Kind::shadow;
    const auto* const record = is_number ? file.find_number(*number) : file.find(key);
    if (record == nullptr)
      status = not_found;
    else
      print_record(invocation, *kind, *record);
  }
  return status;
}

std::optional<std::string> getent_unsupported(KnownArguments arguments) {
  if (arguments.size() < 2) return "its usage text";
  if (arguments[1] && !database_kind(*arguments[1])) return "database " + *arguments[1];
  return std::nullopt;
}

int run_id(const Invocation& invocation) {
  const auto given = parse_options(invocation, id_rules);
  const int kinds = (given.has('u') ? 1 : 0) + (given.has('g') ? 1 : 0) + (given.has('G') ? 1 : 0);
  if (given.operands.size() > 1 || kinds > 1 || (kinds == 0 && (given.has('n') || given.has('r'))))
    throw NotNative("id: its usage text");
  if (given.has('G')) return print_groups(invocation, given.operands, given.has('n'));
  Names names(invocation);
  const auto person = find_person(invocation, names, given.operands);
  if (!person) return 1;
  if (given.has('u')) {
    names.print_user(person->uid, given.has('n'));
  } else if (given.has('g')) {
    names.print_group(person->gid, given.has('n'));
  } else {
    std::string text =
        fmt::format("uid={} gid={}", names.user_both(person->uid), names.group_both(person->gid));
    std::string_view lead = " groups=";
    for (const auto gid : person->groups) {
      text.append(lead).append(names.group_both(gid));
      lead = ",";
    }
    invocation.output.write(text);
  }
  invocation.output.write("\n");
  return names.failed() ? 1 : 0;
}

std::optional<std::string> id_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, id_rules);
}

int run_whoami(const Invocation& invocation) {
  if (invocation.arguments.size() > 1) throw NotNative("whoami: its usage text");
  const AccountFile users(invocation, AccountFile::Kind::passwd);
  const auto* const root = users.find_number(0);
  if (root == nullptr) {
    invocation.complain("unknown uid 0");
    return 1;
  }
  invocation.output.write(root->front() + "\n");
  return 0;
}

int run_groups(const Invocation& invocation) {
  const auto given = parse_options(invocation, {"", "", {}});
  return print_groups(invocation, given.operands, true);
}

}  // namespace tarn::builder
