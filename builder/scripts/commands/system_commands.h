#pragma once

#include <optional>
#include <span>
#include <string>

#include "builder/scripts/command.h"

namespace tarn::builder {

/// Commands that ask what the system is or change how it starts: apk arch busybox date hostname
/// rc-service rc-update service uname update-ca-certificates and more; and those that act on a
/// running system, which succeed and do nothing.
std::span<const Command> system_commands();

int run_apk(const Invocation& invocation);
std::optional<std::string> apk_unsupported(KnownArguments arguments);
int run_busybox(const Invocation& invocation);
std::optional<std::string> busybox_unsupported(KnownArguments arguments);
int run_bbsuid(const Invocation& invocation);
std::optional<std::string> bbsuid_unsupported(KnownArguments arguments);
int run_date(const Invocation& invocation);
std::optional<std::string> date_unsupported(KnownArguments arguments);
int run_rc_service(const Invocation& invocation);
std::optional<std::string> rc_service_unsupported(KnownArguments arguments);
int run_rc_update(const Invocation& invocation);
std::optional<std::string> rc_update_unsupported(KnownArguments arguments);
int run_update_ca_certificates(const Invocation& invocation);

}  // namespace tarn::builder
