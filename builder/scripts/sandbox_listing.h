#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// Octets of the file that changed contents are put into, one after the other.
struct ContentRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// A name in the tree as a script left it. Of an item that was there before only what is different
/// now is given.
struct ListedEntry {
  std::string path;                   ///< empty for the root
  std::optional<std::uint64_t> item;  ///< the number of what was written before; none: it is new
  std::uint64_t identity = 0;         ///< the same for all names of one new node
  NodeType type = NodeType::file;
  std::optional<std::uint32_t> mode;
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
  /// Seconds; a time of the run itself is given as ListedEntry::during_run.
  std::optional<std::int64_t> mtime;
  static constexpr std::int64_t during_run = INT64_MIN;
  std::optional<ContentRange> content;
  std::string target;  ///< of a new link
  std::map<std::string, std::string> set_xattrs;
  std::vector<std::string> removed_xattrs;
};

/// The entries as octets, to pass from one process to another of this program.
void append_entry(std::string& text, const ListedEntry& entry);
/// Throws Error (failed) when `text` is cut off.
std::vector<ListedEntry> parse_entries(std::string_view text);

}  // namespace tarn::builder
