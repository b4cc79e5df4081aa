#include "builder/recipe/schema_image.h"

#include <charconv>
#include <optional>

namespace tarn::builder {
namespace {

using std::chrono::milliseconds;

std::optional<std::string> parse_port(std::string_view text) {
  const auto slash = text.find('/');
  const auto protocol = slash == std::string_view::npos ? "tcp" : text.substr(slash + 1);
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") return std::nullopt;
  const auto digits = text.substr(0, slash);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0)
    return std::nullopt;
  return std::to_string(port) + "/" + std::string(protocol);
}

milliseconds read_duration(const KeyedMapping& mapping, const char* key) {
  const auto* node = mapping.find(key);
  if (node == nullptr) return milliseconds{0};
  const auto& text = read_text(*node, mapping.path_of(key));
  const auto duration = parse_duration(text);
  if (!duration || duration->count() == 0)
    throw recipe_error(node->position, mapping.path_of(key) + ": not a time: " + quote(text))
        .hint("whole numbers with units: 30s, 1m30s, 500ms");
  return *duration;
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  constexpr milliseconds longest = std::chrono::hours(24 * 365);
  milliseconds sum{0};
  while (!text.empty()) {
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto unit = text.substr(0, text.find_first_of("0123456789"));
    text.remove_prefix(unit.size());
    if (unit == "ms")
      sum += milliseconds(count);
    else if (unit == "s")
      sum += std::chrono::seconds(count);
    else if (unit == "m")
      sum += std::chrono::minutes(count);
    else if (unit == "h")
      sum += std::chrono::hours(count);
    else
      return std::nullopt;
    if (sum > longest) return std::nullopt;
  }
  return sum;
}

std::vector<std::string> decode_exposed_ports(const KeyedMapping& mapping) {
  std::vector<std::string> ports;
  for (const auto& item : mapping.texts("exposed-ports")) {
    auto port = parse_port(item.text);
    if (!port)
      throw recipe_error(item.position, "exposed-ports: not a port: " + quote(item.text))
          .hint("1 to 65535, with '/tcp', '/udp' or '/sctp' behind it, or nothing for tcp");
    ports.push_back(std::move(*port));
  }
  return ports;
}

Healthcheck decode_healthcheck(const YamlNode& node) {
  Healthcheck check;
  if (node.kind != YamlNode::Kind::mapping) {
    read_choice<int>(node, "healthcheck", {{"none", 0}});
    check.kind = Healthcheck::Kind::none;
    return check;
  }
  const KeyedMapping mapping(
      node, "healthcheck",
      {"command", "shell-fragment", "interval", "timeout", "start-period", "retries"});
  const std::string fragment = mapping.text("shell-fragment");
  check.text = mapping.text("command");
  if (check.text.empty() == fragment.empty())
    throw recipe_error(node.position, "healthcheck: needs 'command' or 'shell-fragment'")
        .hint("one of the two; 'healthcheck: none' turns off a check from elsewhere");
  if (!fragment.empty()) {
    check.kind = Healthcheck::Kind::shell_fragment;
    check.text = fragment;
  }
  check.interval = read_duration(mapping, "interval");
  check.timeout = read_duration(mapping, "timeout");
  check.start_period = read_duration(mapping, "start-period");
  check.retries = mapping.number("retries", 1000).value_or(0);
  return check;
}

}  // namespace tarn::builder
