#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "builder/scripts/command.h"

namespace tarn::builder {

/// What "user:group" says; a part that is missing is ScriptRootfs::same_owner.
struct OwnerNumbers {
  std::uint32_t uid = ScriptRootfs::same_owner;
  std::uint32_t gid = ScriptRootfs::same_owner;
};

/// "user", "user:group", ":group", "user:" (with the user's own group); '.' may stand for ':'.
/// Names are looked up in the rootfs. Nothing, complained of, for one that is not known.
std::optional<OwnerNumbers> parse_owner(const Invocation& invocation, const std::string& text);
/// A user's or group's name or number.
std::optional<std::uint32_t> parse_user(const Invocation& invocation, const std::string& text);
std::optional<std::uint32_t> parse_group(const Invocation& invocation, const std::string& text);

}  // namespace tarn::builder
