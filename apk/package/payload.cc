#include "apk/package/payload.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include <fmt/core.h>
#include <fnmatch.h>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

Error refused(const std::string& path, const std::string& why) {
  return {ErrorKind::usage, fmt::format("'{}' cannot be packed: {}", path, why)};
}

/// Paths in the order of their parts: "a", "a/b", "a-b".
bool path_less(std::string_view left, std::string_view right) {
  const auto rank = [](char octet) {
    return octet == '/' ? 0 : static_cast<int>(static_cast<unsigned char>(octet)) + 1;
  };
  return std::ranges::lexicographical_compare(left, right, {}, rank, rank);
}

void check_path(const std::string& path) {
  if (path.empty()) throw refused(path, "the path is empty");
  if (path.front() == '/') throw refused(path, "the path is absolute");
  for (const char octet : path)
    if (static_cast<unsigned char>(octet) < 0x20 || octet == 0x7f)
      throw refused(path, "the path has a control character");
  std::string_view rest = path;
  for (;;) {
    const auto part = rest.substr(0, rest.find('/'));
    if (part.empty() || part == "." || part == "..")
      throw refused(path, "the path has an empty, '.' or '..' part");
    if (part.size() == rest.size()) break;
    rest.remove_prefix(part.size() + 1);
  }
  if (path.front() == '.') throw refused(path, "apk ignores top-level names that begin with '.'");
}

std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

using Places = std::map<std::string, std::size_t, std::less<>>;

Places places_of(const Payload& payload) {
  Places places;
  for (std::size_t i = 0; i < payload.size(); ++i)
    if (!places.emplace(payload[i].header.path, i).second)
      throw refused(payload[i].header.path, "it comes twice");
  return places;
}

/// The entry a hard link leads to in the end.
std::size_t follow_link(const Payload& payload, const Places& places, std::size_t link) {
  std::size_t place = link;
  for (std::size_t steps = 0; steps <= payload.size(); ++steps) {
    const DataEntry& header = payload[place].header;
    if (header.type != EntryType::hard_link) return place;
    const auto found = places.find(header.target);
    if (found == places.end())
      throw refused(payload[link].header.path,
                    fmt::format("its hard link target '{}' is not there", header.target));
    place = found->second;
  }
  throw refused(payload[link].header.path, "its hard links lead in a circle");
}

/// Makes the first name of each file hold the content, the others links to it. Links to anything
/// else than a file become copies of it.
void settle_hard_links(Payload& payload) {
  const Places places = places_of(payload);
  std::map<std::size_t, std::vector<std::size_t>> names;  // content → its links
  for (std::size_t i = 0; i < payload.size(); ++i)
    if (payload[i].header.type == EntryType::hard_link)
      names[follow_link(payload, places, i)].push_back(i);
  for (auto& [holder, links] : names) {
    const PayloadEntry original = payload[holder];
    if (original.header.type == EntryType::directory)
      throw refused(payload[links.front()].header.path, "it is a hard link to a directory");
    links.push_back(holder);
    std::ranges::sort(links, path_less,
                      [&](std::size_t i) -> const std::string& { return payload[i].header.path; });
    const std::string first = payload[links.front()].header.path;
    for (const std::size_t i : links) {
      const std::string path = payload[i].header.path;
      payload[i].header = original.header;
      payload[i].header.path = path;
      payload[i].content = Bytes();
      if (original.header.type != EntryType::file || path == first) {
        payload[i].content = original.content;
      } else {
        payload[i].header.type = EntryType::hard_link;
        payload[i].header.target = first;
        payload[i].header.xattrs.clear();
      }
    }
  }
}

void add_parents(Payload& payload) {
  std::map<std::string, EntryType, std::less<>> types;
  for (const auto& entry : payload) types.emplace(entry.header.path, entry.header.type);
  const std::size_t count = payload.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string path = payload[i].header.path;
    for (auto parent = parent_of(path); !parent.empty(); parent = parent_of(parent)) {
      const auto [place, is_new] = types.emplace(parent, EntryType::directory);
      if (place->second != EntryType::directory)
        throw refused(path, fmt::format("'{}' is not a directory", parent));
      if (!is_new) continue;
      PayloadEntry folder;
      folder.header.path = parent;
      folder.header.type = EntryType::directory;
      folder.header.mode = 0755;
      folder.header.user = "root";
      folder.header.group = "root";
      payload.push_back(std::move(folder));
    }
  }
}

}  // namespace

void apply_rules(Payload& payload, const std::vector<PayloadRule>& rules) {
  for (const auto& rule : rules) {
    bool matched = false;
    for (auto& [header, content] : payload) {
      if (fnmatch(rule.pattern.c_str(), header.path.c_str(), 0) != 0) continue;
      matched = true;
      if (rule.owner) {
        header.user = rule.owner->user;
        header.group = rule.owner->group;
        header.uid = rule.owner->uid;
        header.gid = rule.owner->gid;
      }
      if (rule.mode && header.type != EntryType::symlink) header.mode = *rule.mode;
    }
    if (!matched)
      throw Error(ErrorKind::usage,
                  fmt::format("no path in the package matches '{}'", rule.pattern))
          .hint("paths have no leading '/': usr/bin/tool");
  }
}

Payload arrange_payload(Payload payload) {
  for (const auto& entry : payload) check_path(entry.header.path);
  settle_hard_links(payload);
  add_parents(payload);
  std::ranges::sort(payload, path_less, [](const PayloadEntry& entry) -> const std::string& {
    return entry.header.path;
  });
  return payload;
}

}  // namespace tarn::apk
