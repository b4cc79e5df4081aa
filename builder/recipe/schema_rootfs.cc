#include "builder/recipe/schema_rootfs.h"

#include <fmt/core.h>

#include "builder/recipe/decode.h"
#include "builder/recipe/names.h"

namespace tarn::builder {
namespace {

/// The last id means "no id" to chown.
constexpr std::uint32_t largest_id = 0xfffffffe;
constexpr std::uint32_t largest_mode = 07777;

std::optional<std::uint32_t> decode_mode(const KeyedMapping& mapping, std::string_view key) {
  try {
    return mapping.number(key, largest_mode);
  } catch (Error& error) {
    if (error.hint().empty()) error.hint("permissions are octal: 0o755, at most 0o7777");
    throw;
  }
}

std::string decode_account_name(const KeyedMapping& mapping, std::string_view key) {
  auto name = mapping.required_text(key);
  if (!is_account_name(name))
    throw recipe_error(mapping.require(key).position,
                       fmt::format("{}: not a name: {}", mapping.path_of(key), quote(name)));
  return name;
}

std::string decode_account_field(const KeyedMapping& mapping, std::string_view key) {
  auto text = mapping.text(key);
  if (!is_account_field(text))
    throw recipe_error(mapping.require(key).position,
                       fmt::format("{}: ':' and control characters cannot stand here: {}",
                                   mapping.path_of(key), quote(text)));
  return text;
}

User decode_user(const YamlNode& node) {
  const KeyedMapping mapping(node, "accounts.users",
                             {"username", "uid", "gid", "shell", "homedir"});
  User user;
  user.position = node.position;
  user.name = decode_account_name(mapping, "username");
  user.uid = mapping.number("uid", largest_id).value_or(0);
  if (user.uid == 0) {
    const auto* uid = mapping.find("uid");
    throw recipe_error(uid == nullptr ? node.position : uid->position,
                       fmt::format("accounts.users: user {} has {}", quote(user.name),
                                   uid == nullptr ? "no uid" : "uid 0"))
        .hint(uid == nullptr ? "" : "to run as root write 'run-as: 0'");
  }
  user.gid = mapping.number("gid", largest_id);
  user.shell = decode_account_field(mapping, "shell");
  user.home = decode_account_field(mapping, "homedir");
  return user;
}

Group decode_group(const YamlNode& node) {
  const KeyedMapping mapping(node, "accounts.groups", {"groupname", "gid", "members"});
  Group group;
  group.position = node.position;
  group.name = decode_account_name(mapping, "groupname");
  group.gid = mapping.number("gid", largest_id).value_or(0);
  for (const auto& member : mapping.texts("members")) {
    if (!is_account_name(member.text))
      throw recipe_error(
          member.position,
          fmt::format("{}: not a name: {}", mapping.path_of("members"), quote(member.text)));
    group.members.push_back(member.text);
  }
  return group;
}

}  // namespace

Accounts decode_accounts(const YamlNode& node) {
  const KeyedMapping mapping(node, "accounts", {"run-as", "users", "groups"});
  Accounts accounts;
  accounts.run_as = mapping.text("run-as");
  for (const auto& user : mapping.list("users")) accounts.users.push_back(decode_user(*user));
  for (const auto& group : mapping.list("groups")) accounts.groups.push_back(decode_group(*group));
  return accounts;
}

PathEntry decode_path_entry(const YamlNode& node) {
  const KeyedMapping mapping(node, "paths",
                             {"path", "type", "uid", "gid", "permissions", "source", "recursive"});
  PathEntry entry;
  entry.position = node.position;
  entry.path = mapping.required_text("path");
  if (!is_printable(entry.path))
    throw recipe_error(mapping.require("path").position,
                       "paths.path: a control character in " + quote(entry.path));
  entry.type = read_choice<PathType>(mapping.require("type"), mapping.path_of("type"),
                                     {{"directory", PathType::directory},
                                      {"empty-file", PathType::empty_file},
                                      {"hardlink", PathType::hardlink},
                                      {"symlink", PathType::symlink},
                                      {"permissions", PathType::permissions}});
  entry.uid = mapping.number("uid", largest_id);
  entry.gid = mapping.number("gid", largest_id);
  entry.permissions = decode_mode(mapping, "permissions");
  if (entry.type == PathType::hardlink || entry.type == PathType::symlink)
    entry.source = mapping.required_text("source");
  else
    entry.source = mapping.text("source");
  entry.recursive = mapping.boolean("recursive");
  return entry;
}

FileEntry decode_file_entry(const YamlNode& node, const Origin& origin) {
  const KeyedMapping mapping(node, "files", {"path", "content", "source", "mode", "uid", "gid"});
  FileEntry entry;
  entry.position = node.position;
  entry.path = mapping.required_text("path");
  if (!is_clean_absolute_path(entry.path))
    throw recipe_error(mapping.require("path").position,
                       "files.path: not an absolute path: " + quote(entry.path))
        .hint("a path in the image begins with '/' and has no '.' or '..' in it");
  if (const auto* content = mapping.find("content"))
    entry.content = read_text(*content, mapping.path_of("content"));
  if (const auto* source = mapping.find("source"))
    entry.source = origin.absolute(mapping.required_text("source"), source->position);
  if (entry.content.has_value() == entry.source.has_value())
    throw recipe_error(node.position, fmt::format("files: {} has {}", quote(entry.path),
                                                  entry.content ? "both 'content' and 'source'"
                                                                : "no 'content' and no 'source'"))
        .hint("'content' is the text itself, 'source' a file or folder of the host");
  entry.mode = decode_mode(mapping, "mode");
  entry.uid = mapping.number("uid", largest_id).value_or(0);
  entry.gid = mapping.number("gid", largest_id).value_or(0);
  return entry;
}

Certificates decode_certificates(const YamlNode& node) {
  const KeyedMapping mapping(node, "certificates", {"additional", "providers"});
  Certificates certificates;
  for (const auto& item : mapping.list("additional")) {
    const KeyedMapping entry(*item, "certificates.additional", {"name", "content"});
    Certificate certificate{entry.required_text("name"), entry.required_text("content"),
                            item->position};
    if (!is_certificate_name(certificate.name))
      throw recipe_error(entry.require("name").position,
                         "certificates.additional.name: not a name "
                         "for a certificate: " +
                             quote(certificate.name))
          .hint("letters, digits, '_' and '-', and after the first also '.'");
    if (certificate.content.find("-----BEGIN CERTIFICATE-----") == std::string::npos)
      throw recipe_error(entry.require("content").position,
                         "certificates.additional.content: no certificate in PEM");
    certificates.additional.push_back(std::move(certificate));
  }
  for (auto& provider : mapping.texts("providers"))
    certificates.providers.push_back(std::move(provider.text));
  return certificates;
}

}  // namespace tarn::builder
