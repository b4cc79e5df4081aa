#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace tarn::builder {

/// A run of ids inside a user namespace and the ids outside that they are.
struct IdExtent {
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t count = 0;
};

/// Which users and groups of the host a sandbox' own are. Root inside is never root of the host.
struct IdMap {
  enum class Way {
    direct,  ///< this process may give away ids: a range that nobody uses
    tools,   ///< newuidmap and newgidmap give this user's subordinate ids
    single,  ///< root inside is this user, there is no one else
  };
  Way way = Way::single;
  std::vector<IdExtent> users;
  std::vector<IdExtent> groups;

  uid_t root_user() const { return users.front().outside; }
  gid_t root_group() const { return groups.front().outside; }
  /// Whether there are all the ids that a system without large ones has: 0 to 65535.
  bool is_whole() const;
};

/// The maps worth trying for this process, best first.
std::vector<IdMap> candidate_id_maps();

/// Gives the process, which has just made itself a user namespace, its ids. Throws Error (failed)
/// when that is refused.
void apply_id_map(const IdMap& map, pid_t process);

/// The ranges that a file such as /etc/subuid gives to a user: lines "NAME:FIRST:COUNT", where NAME
/// may be the number. Lines that are none are left out.
std::vector<IdExtent> subordinate_ranges(std::string_view text, std::string_view name, uid_t user);

/// The extents to map for a process outside in `available` (the text of its /proc/self/uid_map),
/// which may give away ids: one range of up to 65536 without the host's root. Empty when none is
/// free.
std::vector<IdExtent> range_to_give(std::string_view available);

}  // namespace tarn::builder
