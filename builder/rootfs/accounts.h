#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/recipe/recipe.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// A line of etc/passwd (passwd(5)); its password field is "x" when written.
struct UserLine {
  std::string name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string comment;
  std::string home;
  std::string shell;
};

/// A line of etc/group (group(5)).
struct GroupLine {
  std::string name;
  std::uint32_t gid = 0;
  std::vector<std::string> members;
};

/// The users and groups of a rootfs: etc/passwd, etc/group and etc/shadow, read, edited and written
/// back. Lines that are not touched keep their octets; of several lines with one name the first
/// counts; malformed lines stay and are passed over.
class AccountDatabase {
 public:
  explicit AccountDatabase(const Rootfs& rootfs);

  /// The first user or group with that name or number. Valid until the next edit.
  const UserLine* find_user(std::string_view name) const;
  const UserLine* find_user(std::uint32_t uid) const;
  const GroupLine* find_group(std::string_view name) const;
  const GroupLine* find_group(std::uint32_t gid) const;

  /// Adds a user, with a line in etc/shadow that lets nobody log in; `day` is the date of the last
  /// change there, in days since 1970. Name and numbers are not checked for being free.
  void add_user(const UserLine& user, std::int64_t day);
  void add_group(const GroupLine& group);
  /// Changes home and shell of a user that is there.
  void set_home_and_shell(std::string_view name, const std::string& home, const std::string& shell);
  /// Makes a user a member of a group that is there; one that is already stays so.
  void add_member(std::string_view group, std::string_view user);

  /// Writes the files that were changed, as the build's own. A file that was there keeps mode and
  /// owner; new ones are 0644 root:root, etc/shadow 0640 root:shadow (root:root without a group of
  /// that name).
  void write(Rootfs& rootfs) const;

 private:
  /// A line of a file, and what it says if it is a sound one.
  template <typename Parsed>
  struct Line {
    std::string text;
    std::optional<Parsed> parsed;
  };
  template <typename Parsed>
  struct File {
    std::vector<Line<Parsed>> lines;
    bool changed = false;
    std::string text() const;
  };
  struct ShadowLine {
    std::string name;
  };

  File<UserLine> users_;
  File<GroupLine> groups_;
  File<ShadowLine> shadow_;
};

/// Makes the recipe's groups and users, in this order. One that is there with the same numbers is
/// taken as it is (members are added, a home or shell the recipe names is set). A user's group is
/// made, with the user's name, when no group has the number and none the name. Homes of the
/// recipe's users that are missing are made 0700 and theirs, parents 0755 root:root; "/" and
/// /dev/null are no homes to make. `created` (seconds since 1970) gives the day in etc/shadow.
/// Throws Error (usage) with the entry's position for: user number 0, a name or field that the
/// files cannot hold, a name that has another number, a number that another name has.
void apply_accounts(Rootfs& rootfs, const Accounts& accounts, std::int64_t created);

/// What the image's config gets for `run-as`: a user name becomes its number; "user:group" both;
/// numbers stay. Empty stays empty. Throws Error (usage) for a name the rootfs does not know.
std::string resolve_run_as(const Rootfs& rootfs, std::string_view run_as);

}  // namespace tarn::builder
