#include "builder/scripts/commands/system_commands.h"

#include <array>

#include <fmt/core.h>

#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/options.h"

namespace tarn::builder {
namespace {

constexpr OptionRules hostname_rules = {"sdfiyF:", "dfiyF", {}};
constexpr OptionRules uname_rules = {"amnrspvio", "arvpi", {}};
constexpr OptionRules no_options = {"", "", {}};

int do_nothing(const Invocation&) {
  return 0;
}

/// depmod has nothing to do where there are no modules; else it would write what they need.
int run_depmod(const Invocation& invocation) {
  const Entry* const modules = invocation.files.find("/lib/modules", ScriptRootfs::Follow::last);
  if (modules != nullptr && !modules->node->children.empty())
    throw NotNative("depmod: modules in /lib/modules");
  return 0;
}

/// The name up to the first '.' with -s.
int run_hostname(const Invocation& invocation) {
  const auto given = parse_options(invocation, hostname_rules);
  // Setting it is for a running system.
  if (!given.operands.empty()) return 0;
  std::string name = invocation.surroundings.host_name;
  if (given.has('s')) name = name.substr(0, name.find('.'));
  invocation.output.write(name + "\n");
  return 0;
}

std::optional<std::string> hostname_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, hostname_rules);
}

/// The kernel's release and version are those of another system.
int run_uname(const Invocation& invocation) {
  const auto given = parse_options(invocation, uname_rules);
  if (!given.operands.empty()) throw NotNative("uname: its usage text");
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : " ") + part; };
  if (given.options.empty() || given.has('s')) add("Linux");
  if (given.has('n')) add(invocation.surroundings.host_name);
  if (given.has('m')) add(invocation.surroundings.machine);
  if (given.has('o')) add("Linux");
  invocation.output.write(text + "\n");
  return 0;
}

std::optional<std::string> uname_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, uname_rules);
}

int run_arch(const Invocation& invocation) {
  invocation.output.write(invocation.surroundings.machine + "\n");
  return 0;
}

int run_sync(const Invocation& invocation) {
  if (!parse_options(invocation, no_options).operands.empty()) throw NotNative("sync: operands");
  return 0;
}

std::optional<std::string> sync_unsupported(KnownArguments arguments) {
  std::optional<std::string> fault;
  for (const auto& operand : parse_known_options(arguments, no_options, fault).operands)
    if (operand && !fault) fault = "operands";
  return fault;
}

/// Whether a text is a time to sleep: "5", "0.5", "2m".
bool is_duration(std::string_view text) {
  if (!text.empty() && std::string_view("smhd").find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
  const auto dot = text.find('.');
  const auto is_digits = [](std::string_view digits) {
    return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (dot == std::string_view::npos) return is_digits(text);
  return is_digits(text.substr(0, dot)) && is_digits(text.substr(dot + 1));
}

int run_sleep(const Invocation& invocation) {
  if (invocation.arguments.size() < 2) throw NotNative("sleep: its usage text");
  for (const auto& text : invocation.arguments.subspan(1))
    if (!is_duration(text)) throw NotNative("sleep: time " + text);
  return 0;
}

constexpr std::array<Command, 25> system_table = {{
    {"apk", run_apk, apk_unsupported},
    {"arch", run_arch, nothing_unsupported},
    {"bbsuid", run_bbsuid, bbsuid_unsupported},
    {"busybox", run_busybox, busybox_unsupported},
    {"busybox-extras", run_busybox, busybox_unsupported},
    {"date", run_date, date_unsupported},
    {"depmod", run_depmod, nothing_unsupported},
    {"hostname", run_hostname, hostname_unsupported},
    {"initctl", do_nothing, nothing_unsupported},
    {"kill", do_nothing, nothing_unsupported},
    {"killall", do_nothing, nothing_unsupported},
    {"modprobe", do_nothing, nothing_unsupported},
    {"pkill", do_nothing, nothing_unsupported},
    {"rc-service", run_rc_service, rc_service_unsupported},
    {"rc-status", do_nothing, nothing_unsupported},
    {"rc-update", run_rc_update, rc_update_unsupported},
    {"s6-svscanctl", do_nothing, nothing_unsupported},
    {"service", run_rc_service, rc_service_unsupported},
    {"sleep", run_sleep, nothing_unsupported},
    {"sync", run_sync, sync_unsupported},
    {"sysctl", do_nothing, nothing_unsupported},
    {"telinit", do_nothing, nothing_unsupported},
    {"udevadm", do_nothing, nothing_unsupported},
    {"uname", run_uname, uname_unsupported},
    {"update-ca-certificates", run_update_ca_certificates, nothing_unsupported},
}};

}  // namespace

std::span<const Command> system_commands() {
  return system_table;
}

}  // namespace tarn::builder
