#include "builder/cli/pack_metadata.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <set>
#include <utility>

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "apk/support/error.h"
#include "apk/support/file.h"

namespace tarn::builder {
namespace {

constexpr std::uint32_t nobody = 65534;

template <typename Number>
std::optional<Number> parse_number(std::string_view text, int base) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <typename Number>
Number number_of(std::string_view key, const std::string& text) {
  const auto number = parse_number<Number>(text, 10);
  if (!number)
    throw Error(ErrorKind::usage, fmt::format("{}: '{}' is not a number in range", key, text));
  return *number;
}

template <typename Value>
void add_parsed(std::vector<Value>& list, std::string_view key, const std::string& text) {
  auto value = Value::parse(text);
  if (!value) throw Error(ErrorKind::usage, fmt::format("{}: '{}' is not a dependency", key, text));
  list.push_back(std::move(*value));
}

using Setter = std::function<void(PackMetadata&, std::string_view key, const std::string&)>;

Setter text(std::string apk::Package::*member) {
  return [member](PackMetadata& metadata, std::string_view, const std::string& value) {
    metadata.manifest.package.*member = value;
  };
}

Setter number(std::uint32_t apk::Package::*member) {
  return [member](PackMetadata& metadata, std::string_view key, const std::string& value) {
    metadata.manifest.package.*member = number_of<std::uint32_t>(key, value);
  };
}

template <typename Value>
Setter list(std::vector<Value> apk::Package::*member) {
  return [member](PackMetadata& metadata, std::string_view key, const std::string& value) {
    add_parsed(metadata.manifest.package.*member, key, value);
  };
}

enum class Shape { single, list };
struct Field {
  std::string_view key;
  Shape shape;
  Setter set;
};

const std::array<Field, 18>& fields() {
  using apk::Package;
  static const std::array<Field, 18> all = {{
      {"name", Shape::single, text(&Package::name)},
      {"version", Shape::single, text(&Package::version)},
      {"arch", Shape::single, text(&Package::arch)},
      {"description", Shape::single, text(&Package::description)},
      {"license", Shape::single, text(&Package::license)},
      {"url", Shape::single, text(&Package::url)},
      {"origin", Shape::single, text(&Package::origin)},
      {"maintainer", Shape::single, text(&Package::maintainer)},
      {"commit", Shape::single, text(&Package::commit)},
      {"packager", Shape::single,
       [](PackMetadata& metadata, std::string_view, const std::string& value) {
         metadata.manifest.packager = value;
       }},
      {"build-time", Shape::single,
       [](PackMetadata& metadata, std::string_view key, const std::string& value) {
         metadata.build_time = number_of<std::int64_t>(key, value);
       }},
      {"provider-priority", Shape::single, number(&Package::provider_priority)},
      {"replaces-priority", Shape::single, number(&Package::replaces_priority)},
      {"depends", Shape::list, list(&Package::depends)},
      {"provides", Shape::list, list(&Package::provides)},
      {"replaces", Shape::list, list(&Package::replaces)},
      {"install-if", Shape::list, list(&Package::install_if)},
      {"triggers", Shape::list,
       [](PackMetadata& metadata, std::string_view, const std::string& value) {
         metadata.manifest.triggers.push_back(value);
       }},
  }};
  return all;
}

const Field* find_field(std::string_view key) {
  const auto found = std::ranges::find(fields(), key, &Field::key);
  return found == fields().end() ? nullptr : &*found;
}

/// The number and name one half of USER:GROUP stands for.
std::pair<std::string, std::uint32_t> parse_owner(std::string_view name, std::string_view whole) {
  if (name.empty()) throw Error(ErrorKind::usage, fmt::format("'{}' is not USER:GROUP", whole));
  if (const auto id = parse_number<std::uint32_t>(name, 10)) return {"", *id};
  return {std::string(name), name == "root" ? 0 : nobody};
}

/// Reads the parsed document into metadata, adding the place of what is wrong.
class MetadataReader {
 public:
  explicit MetadataReader(const std::filesystem::path& path) : path_(path) {}

  PackMetadata read(const YAML::Node& root) {
    for_each(root, [&](const std::string& key, const YAML::Node& value) {
      if (key == "scripts")
        for_each(value, [&](const std::string& kind, const YAML::Node& file) {
          add_pack_script(metadata_, kind, path_.parent_path() / scalar(file));
        });
      else if (key == "owners")
        for_each(value, [&](const std::string& pattern, const YAML::Node& owner) {
          metadata_.rules.push_back(owner_rule(pattern, scalar(owner)));
        });
      else if (key == "modes")
        for_each(value, [&](const std::string& pattern, const YAML::Node& mode) {
          metadata_.rules.push_back(mode_rule(pattern, scalar(mode)));
        });
      else
        read_field(key, value);
    });
    return std::move(metadata_);
  }

 private:
  void read_field(const std::string& key, const YAML::Node& value) {
    const Field* field = find_field(key);
    if (field != nullptr && field->shape == Shape::list && value.IsSequence())
      for (const auto& item : value)
        at(item, [&] { set_pack_value(metadata_, key, scalar(item)); });
    else
      set_pack_value(metadata_, key, scalar(value));
  }

  /// Calls `take` for each pair of a mapping; a key that comes twice is an error.
  template <typename Take>
  void for_each(const YAML::Node& node, Take&& take) {
    at(node, [&] {
      if (!node.IsMap()) throw Error(ErrorKind::usage, "a mapping is expected here");
    });
    std::set<std::string> seen;
    for (const auto& pair : node) {
      at(pair.first, [&] {
        const std::string key = scalar(pair.first);
        if (!seen.insert(key).second)
          throw Error(ErrorKind::usage, fmt::format("'{}' comes twice", key));
        take(key, pair.second);
      });
    }
  }

  std::string scalar(const YAML::Node& node) {
    if (!node.IsScalar()) throw Error(ErrorKind::usage, "a single value is expected here");
    return node.Scalar();
  }

  /// Errors of `function` carry the place of `node`, unless a deeper one gave them theirs.
  template <typename Function>
  void at(const YAML::Node& node, Function&& function) {
    try {
      function();
    } catch (const Error& error) {
      if (error.message().starts_with(path_.string() + ":")) throw;
      const auto mark = node.Mark();
      throw Error(error.kind(), fmt::format("{}:{}:{}: {}", path_.string(), mark.line + 1,
                                            mark.column + 1, error.message()))
          .hint(error.hint());
    }
  }

  std::filesystem::path path_;
  PackMetadata metadata_;
};

}  // namespace

void set_pack_value(PackMetadata& metadata, std::string_view key, const std::string& value) {
  const Field* field = find_field(key);
  if (field == nullptr) {
    std::string known;
    for (const auto& one : fields()) known += fmt::format("{}, ", one.key);
    throw Error(ErrorKind::usage, fmt::format("unknown key '{}'", key))
        .hint("known are: " + known + "scripts, owners, modes");
  }
  field->set(metadata, key, value);
}

void add_pack_script(PackMetadata& metadata, std::string_view kind,
                     const std::filesystem::path& file) {
  const auto parsed = apk::parse_script_name(kind);
  if (!parsed) {
    Error error(ErrorKind::usage, fmt::format("there is no script '{}'", kind));
    error.hint(
        "pre-install, post-install, pre-upgrade, post-upgrade, pre-deinstall, "
        "post-deinstall or trigger");
    throw error;
  }
  metadata.manifest.scripts[*parsed] = read_file(file, 1U << 20U);
}

apk::PayloadRule owner_rule(const std::string& pattern, std::string_view owner) {
  const auto colon = owner.find(':');
  if (colon == std::string_view::npos)
    throw Error(ErrorKind::usage, fmt::format("'{}' is not USER:GROUP", owner));
  apk::PayloadRule rule;
  rule.pattern = pattern;
  rule.owner.emplace();
  std::tie(rule.owner->user, rule.owner->uid) = parse_owner(owner.substr(0, colon), owner);
  std::tie(rule.owner->group, rule.owner->gid) = parse_owner(owner.substr(colon + 1), owner);
  return rule;
}

apk::PayloadRule mode_rule(const std::string& pattern, std::string_view mode) {
  std::string_view digits = mode;
  if (digits.starts_with("0o")) digits.remove_prefix(2);
  const auto number = parse_number<std::uint32_t>(digits, 8);
  if (!number || *number > 07777)
    throw Error(ErrorKind::usage, fmt::format("'{}' is not an octal mode", mode));
  apk::PayloadRule rule;
  rule.pattern = pattern;
  rule.mode = *number;
  return rule;
}

PackMetadata read_pack_metadata(const std::filesystem::path& path) {
  const std::string content = read_file(path, 1U << 20U);
  try {
    return MetadataReader(path).read(YAML::Load(content));
  } catch (const YAML::Exception& error) {
    throw Error(ErrorKind::usage, fmt::format("{}:{}:{}: {}", path.string(), error.mark.line + 1,
                                              error.mark.column + 1, error.msg));
  }
}

}  // namespace tarn::builder
