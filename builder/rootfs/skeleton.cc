#include "builder/rootfs/skeleton.h"

#include <charconv>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/rootfs/embedded_skeletons.h"

namespace tarn::builder {
namespace {

constexpr std::string_view default_name = "minimal";
constexpr std::string_view manifest_name = "mtree";
constexpr std::string_view files_folder = "files/";

/// Gives the content of a file of a skeleton's folder.
using ReadFile = std::function<std::string(const std::string& path)>;

std::vector<std::string_view> split_words(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const auto end = std::min(line.find_first_of(" \t\r"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::optional<std::uint32_t> parse_number(std::string_view text, int base) {
  std::uint32_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number, base);
  if (text.empty() || error != std::errc() || end != last) return std::nullopt;
  return number;
}

/// Replaces each `\ooo`; nothing for any other backslash.
std::optional<std::string> unescaped(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    if (text.front() != '\\') {
      plain += text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto octet = text.size() < 4 ? std::nullopt : parse_number(text.substr(1, 3), 8);
    if (!octet || *octet == 0 || *octet > 0xff) return std::nullopt;
    plain += static_cast<char>(*octet);
    text.remove_prefix(4);
  }
  return plain;
}

/// The path in an image that `./PATH` of a manifest means; empty when it is none.
std::string parse_path(std::string_view text) {
  std::string path = unescaped(text).value_or("");
  if (path.starts_with("./")) path.erase(0, 2);
  for (std::size_t begin = 0; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto part = std::string_view(path).substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return {};
    begin = end + 1;
  }
  return path;
}

/// Reads one `keyword=value` into the entry; what is wrong with it, or nothing.
std::string read_keyword(std::string_view word, SkeletonEntry& entry,
                         std::optional<std::uint32_t>& mode, bool& has_type) {
  const auto equals = std::min(word.find('='), word.size());
  const auto keyword = word.substr(0, equals);
  const auto value = word.substr(std::min(equals + 1, word.size()));
  if (keyword == "type") {
    has_type = true;
    if (value == "dir")
      entry.type = NodeType::directory;
    else if (value == "file")
      entry.type = NodeType::file;
    else if (value == "link")
      entry.type = NodeType::symlink;
    else
      return fmt::format("unknown type '{}' (known are dir, file and link)", value);
  } else if (keyword == "mode") {
    mode = parse_number(value, 8);
    if (!mode || *mode > 07777) return fmt::format("'{}' is no mode", value);
  } else if (keyword == "uid" || keyword == "gid") {
    const auto number = parse_number(value, 10);
    if (!number) return fmt::format("'{}' is no {}", value, keyword);
    (keyword == "uid" ? entry.uid : entry.gid) = *number;
  } else if (keyword == "link") {
    entry.target = unescaped(value).value_or("");
    if (entry.target.empty()) return fmt::format("'{}' is no target of a link", value);
  } else {
    return fmt::format("unknown keyword '{}' (known are type, mode, uid, gid and link)", keyword);
  }
  return {};
}

std::uint32_t default_mode(NodeType type) {
  if (type == NodeType::directory) return 0755;
  return type == NodeType::file ? 0644 : 0777;
}

/// Reads a line with an entry; throws what is wrong with it.
SkeletonEntry parse_entry(const std::vector<std::string_view>& words) {
  const auto wrong = [](const std::string& what) { return Error(ErrorKind::usage, what); };
  SkeletonEntry entry;
  entry.path = parse_path(words.front());
  if (entry.path.empty()) throw wrong(fmt::format("'{}' is no path below the root", words.front()));
  std::optional<std::uint32_t> mode;
  bool has_type = false;
  for (std::size_t i = 1; i < words.size(); ++i)
    if (const auto what = read_keyword(words[i], entry, mode, has_type); !what.empty())
      throw wrong(what);
  if (!has_type) throw wrong("an entry without type=");
  const bool is_link = entry.type == NodeType::symlink;
  if (is_link == entry.target.empty())
    throw wrong(is_link ? "a link without link=" : "link= belongs to type=link alone");
  entry.mode = is_link ? 0777 : mode.value_or(default_mode(entry.type));
  return entry;
}

Skeleton parse_skeleton(std::string_view name, const std::string& shown, const ReadFile& read) {
  Skeleton skeleton{std::string(name), {}};
  const std::string manifest = read(std::string(manifest_name));
  std::set<std::string> known;
  std::string_view rest = manifest;
  for (int line = 1; !rest.empty(); ++line) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto words = split_words(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (words.empty() || words.front().starts_with('#')) continue;
    try {
      SkeletonEntry entry = parse_entry(words);
      if (!known.insert(entry.path).second)
        throw Error(ErrorKind::usage, fmt::format("'{}' is there twice", entry.path));
      if (entry.type == NodeType::file)
        entry.content = read(std::string(files_folder) + entry.path);
      skeleton.entries.push_back(std::move(entry));
    } catch (const Error& error) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}/{}:{}: {}", shown, manifest_name, line, error.message()));
    }
  }
  return skeleton;
}

Skeleton load_embedded(std::string_view name) {
  const std::string folder = std::string(name) + "/";
  return parse_skeleton(name, "skeleton " + std::string(name), [&](const std::string& path) {
    for (const auto& file : embedded_skeletons())
      if (file.path == folder + path) return std::string(file.content);
    throw Error(ErrorKind::usage, fmt::format("there is no {}", path));
  });
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Skeleton load_skeleton(std::string_view name) {
  if (name == "none") return {"none", {}};
  if (name.empty()) return load_embedded(default_name);
  if (name.starts_with('/')) {
    const std::filesystem::path folder(name);
    return parse_skeleton(name, folder.string(),
                          [&](const std::string& path) { return read_file(folder / path); });
  }
  const auto names = skeleton_names();
  for (const auto& known : names)
    if (known == name) return load_embedded(name);
  throw Error(ErrorKind::usage, fmt::format("there is no skeleton '{}'", name))
      .detail("known", joined(names) + ", none")
      .hint("a skeleton of your own is named by the path of its folder");
}

std::vector<std::string> skeleton_names() {
  std::vector<std::string> names;
  for (const auto& file : embedded_skeletons())
    if (file.path.ends_with("/mtree") && file.path.find('/') == file.path.rfind('/'))
      names.emplace_back(file.path.substr(0, file.path.find('/')));
  return names;
}

void apply_skeleton(Rootfs& rootfs, const Skeleton& skeleton) {
  constexpr Owner owner{Owner::skeleton};
  for (const auto& entry : skeleton.entries) {
    std::shared_ptr<Node> node;
    if (entry.type == NodeType::directory) {
      node = rootfs.make_directories(entry.path, owner).node;
    } else {
      const auto slash = entry.path.rfind('/');
      if (slash != std::string::npos)
        rootfs.make_directories(std::string_view(entry.path).substr(0, slash), owner);
      node = std::make_shared<Node>();
      node->type = entry.type;
      node->target = entry.target;
      node->content = Content::of(entry.content);
      rootfs.put(entry.path, Entry{node, owner});
    }
    node->mode = entry.mode;
    node->uid = entry.uid;
    node->gid = entry.gid;
  }
}

Sha256Digest skeleton_digest(const Skeleton& skeleton) {
  Sha256 hash;
  const auto add = [&hash](std::string_view text) {
    hash.update(fmt::format("{}:", text.size()));
    hash.update(text);
  };
  for (const auto& entry : skeleton.entries) {
    add(entry.path);
    add(fmt::format("{} {} {} {}", static_cast<int>(entry.type), entry.mode, entry.uid, entry.gid));
    add(entry.target);
    add(entry.content);
  }
  return hash.finish();
}

}  // namespace tarn::builder
