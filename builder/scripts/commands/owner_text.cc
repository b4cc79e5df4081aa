#include "builder/scripts/commands/owner_text.h"

#include <fmt/core.h>

#include "builder/scripts/commands/account_file.h"
#include "builder/scripts/commands/file_access.h"

namespace tarn::builder {
namespace {

/// A number or the number of a name; nothing when it is neither. A name comes first.
std::optional<std::uint32_t> look_up(const AccountFile& file, const std::string& text) {
  if (const auto* const record = file.find(text)) return record_number(*record);
  const auto number = parse_decimal(text);
  const bool is_huge =
      !number && !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  if (is_huge || number == ScriptRootfs::same_owner)
    throw NotNative(fmt::format("number {}", text));
  return number;
}

std::optional<std::uint32_t> look_up_or_complain(const Invocation& invocation,
                                                 AccountFile::Kind kind, const std::string& text) {
  const auto number = look_up(AccountFile(invocation, kind), text);
  if (!number)
    invocation.complain(
        fmt::format("unknown {} {}", kind == AccountFile::Kind::passwd ? "user" : "group", text));
  return number;
}

}  // namespace

std::optional<std::uint32_t> parse_user(const Invocation& invocation, const std::string& text) {
  return look_up_or_complain(invocation, AccountFile::Kind::passwd, text);
}

std::optional<std::uint32_t> parse_group(const Invocation& invocation, const std::string& text) {
  return look_up_or_complain(invocation, AccountFile::Kind::group, text);
}

std::optional<OwnerNumbers> parse_owner(const Invocation& invocation, const std::string& text) {
  const auto separator = text.find_first_of(":.");
  OwnerNumbers owner;
  if (separator == std::string::npos) {
    const auto uid = parse_user(invocation, text);
    if (!uid) return std::nullopt;
    owner.uid = *uid;
    return owner;
  }
  const std::string user = text.substr(0, separator);
  const std::string group = text.substr(separator + 1);
  if (user.empty()) {
    const auto gid = parse_group(invocation, group);
    if (!gid) return std::nullopt;
    owner.gid = *gid;
    return owner;
  }
  const AccountFile users(invocation, AccountFile::Kind::passwd);
  // A name with a dot in it could be meant as a whole.
  if (text[separator] == '.' && users.find(text) != nullptr)
    throw NotNative(fmt::format("user '{}'", text));
  const auto uid = look_up(users, user);
  const auto gid = group.empty()
                       ? std::nullopt
                       : look_up(AccountFile(invocation, AccountFile::Kind::group), group);
  if (!uid || (!group.empty() && !gid)) {
    const std::string shown = group.empty() ? user : fmt::format("{}:{}", user, group);
    invocation.complain(fmt::format("unknown user/group {}", shown));
    return std::nullopt;
  }
  owner.uid = *uid;
  if (gid) {
    owner.gid = *gid;
  } else {
    const auto* const record = users.find_number(*uid);
    owner.gid = record == nullptr ? *uid : parse_decimal((*record)[3]).value_or(*uid);
  }
  return owner;
}

}  // namespace tarn::builder
