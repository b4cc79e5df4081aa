#include "builder/layer/account_names.h"

#include <charconv>
#include <optional>
#include <string_view>

namespace tarn::builder {
namespace {

/// Takes what stands before the next ':' off the line.
std::string_view take_field(std::string_view& line) {
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  line.remove_prefix(colon == std::string_view::npos ? line.size() : colon + 1);
  return field;
}

std::optional<std::uint32_t> parse_id(std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (status != std::errc{} || end != text.data() + text.size() || text.empty())
    return std::nullopt;
  return id;
}

/// Both files have the name first and the id third: "NAME:x:ID:…".
std::map<std::uint32_t, std::string> parse_names(std::string_view text) {
  std::map<std::uint32_t, std::string> names;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::string_view name = take_field(line);
    take_field(line);
    const auto id = parse_id(take_field(line));
    if (id && !name.empty() && name.find('\0') == std::string_view::npos)
      names.emplace(*id, std::string(name));
  }
  return names;
}

}  // namespace

AccountNames::AccountNames(const Rootfs& rootfs)
    : users_(parse_names(rootfs.read_file("etc/passwd").value_or(""))),
      groups_(parse_names(rootfs.read_file("etc/group").value_or(""))) {}

AccountNames AccountNames::expected(const Rootfs& rootfs) {
  AccountNames names(rootfs);
  for (Names* ids : {&names.users_, &names.groups_})
    if (ids->empty()) ids->emplace(0, "root");
  return names;
}

}  // namespace tarn::builder
