#pragma once

#include <span>

#include "builder/scripts/command.h"

namespace tarn::builder {

/// Commands that make and remove users and groups, change passwords and ask who is who: addgroup
/// adduser delgroup deluser passwd chpasswd getent id whoami groups add-shell remove-shell. As
/// busybox' applets, but for backup files such as etc/passwd-, which are not kept, and for
/// getent, which is musl's. The day in etc/shadow is the image's.
std::span<const Command> account_commands();

int run_addgroup(const Invocation& invocation);
std::optional<std::string> addgroup_unsupported(KnownArguments arguments);
int run_adduser(const Invocation& invocation);
std::optional<std::string> adduser_unsupported(KnownArguments arguments);
int run_delgroup(const Invocation& invocation);
std::optional<std::string> delgroup_unsupported(KnownArguments arguments);
int run_deluser(const Invocation& invocation);
std::optional<std::string> deluser_unsupported(KnownArguments arguments);
int run_passwd(const Invocation& invocation);
std::optional<std::string> passwd_unsupported(KnownArguments arguments);
int run_chpasswd(const Invocation& invocation);
std::optional<std::string> chpasswd_unsupported(KnownArguments arguments);
int run_getent(const Invocation& invocation);
std::optional<std::string> getent_unsupported(KnownArguments arguments);
int run_id(const Invocation& invocation);
std::optional<std::string> id_unsupported(KnownArguments arguments);
int run_whoami(const Invocation& invocation);
int run_groups(const Invocation& invocation);
int run_add_shell(const Invocation& invocation);
int run_remove_shell(const Invocation& invocation);

}  // namespace tarn::builder
