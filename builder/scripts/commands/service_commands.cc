#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/core.h>

#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/system_commands.h"

namespace tarn::builder {
namespace {

using Follow = ScriptRootfs::Follow;

constexpr std::array<LongOption, 1> update_long = {{{"quiet", 'q'}}};
constexpr OptionRules update_rules = {"qasuCv", "asuCv", update_long};
constexpr std::array<LongOption, 3> service_long = {
    {{"exists", 'e'}, {"ifexists", 'i'}, {"quiet", 'q'}}};
constexpr OptionRules service_rules = {"eiqlrcINsSZ", "lrcINsSZ", service_long};

constexpr std::array<std::string_view, 2> service_folders = {"/etc/init.d",
                                                             "/usr/local/etc/init.d"};
constexpr std::string_view runlevel_folder = "/etc/runlevels";

/// Where OpenRC finds a service, empty when there is none.
std::string service_path(const ScriptRootfs& files, const std::string& name) {
  if (name.empty() || name.find('/') != std::string::npos)
    throw NotNative(fmt::format("service '{}'", name));
  if (name.ends_with(".sh")) return {};
  for (const auto folder : service_folders) {
    std::string path = join_path(folder, name);
    if (files.find(path, Follow::last) != nullptr) return path;
  }
  return {};
}

bool is_runlevel(const ScriptRootfs& files, const std::string& name) {
  const Entry* const entry = files.find(join_path(runlevel_folder, name), Follow::last);
  return entry != nullptr && entry->node->type == NodeType::directory;
}

/// The runlevel a system is in; one that was not started is in the first.
std::string current_runlevel(const ScriptRootfs& files) {
  std::string text;
  if (files.read("/run/openrc/softlevel", text) != 0) return "sysinit";
  return text.substr(0, text.find('\n'));
}

/// rc-update: says what it did on its output unless it is quiet.
class RunlevelChange {
 public:
  RunlevelChange(const Invocation& invocation, bool is_quiet)
      : invocation_(invocation), is_quiet_(is_quiet) {}

  bool add(const std::string& service, const std::string& level) const {
    ScriptRootfs& files = invocation_.files;
    const std::string link = link_path(service, level);
    if (!is_runlevel(files, level))
      return refuse(fmt::format("runlevel `{}' does not exist", level)) || true;
    if (files.find(link, Follow::last) != nullptr) {
      say(fmt::format("rc-update: {} already installed in runlevel `{}'; skipping", service,
                      level));
      return true;
    }
    const std::string program = service_path(files, service);
    if (program.empty()) return refuse(fmt::format("service `{}' does not exist", service));
    if ((files.find(program, Follow::last)->node->mode & 0111U) == 0)
      return refuse(fmt::format("service `{}' is not executable", service));
    const int problem = files.make_symlink(program, link);
    if (problem != 0)
      return refuse(fmt::format("failed to add service `{}' to runlevel `{}': {}", service, level,
                                error_text(problem)));
    say(fmt::format("service {} added to runlevel {}", service, level));
    return true;
  }

  bool remove(const std::string& service, const std::string& level) const {
    const int problem = invocation_.files.remove_file(link_path(service, level));
    if (problem == ENOENT)
      return refuse(fmt::format("service `{}' is not in the runlevel `{}'", service, level));
    if (problem != 0)
      return refuse(fmt::format("failed to remove service `{}' from runlevel `{}': {}", service,
                                level, error_text(problem)));
    say(fmt::format("service {} removed from runlevel {}", service, level));
    return true;
  }

  bool refuse(const std::string& text) const {
    invocation_.error.write(fmt::format(" * rc-update: {}\n", text));
    return false;
  }

 private:
  static std::string link_path(const std::string& service, const std::string& level) {
    return join_path(join_path(runlevel_folder, level), service);
  }
  void say(const std::string& text) const {
    if (!is_quiet_) invocation_.output.write(fmt::format(" * {}\n", text));
  }

  const Invocation& invocation_;
  bool is_quiet_;
};

bool is_update_verb(std::string_view verb) {
  return verb == "add" || verb == "del" || verb == "delete";
}

}  // namespace

int run_rc_update(const Invocation& invocation) {
  const auto given = parse_options(invocation, update_rules);
  if (given.operands.size() < 2 || !is_update_verb(given.operands.front()))
    throw NotNative("rc-update but add or del of a service");
  const RunlevelChange change(invocation, given.has('q'));
  const std::string& service = given.operands[1];
  if (service.empty() || service.find('/') != std::string::npos)
    throw NotNative(fmt::format("rc-update: service '{}'", service));
  std::vector<std::string> levels(given.operands.begin() + 2, given.operands.end());
  for (const auto& level : levels) {
    if (is_runlevel(invocation.files, level)) continue;
    change.refuse(fmt::format("`{}' is not a valid runlevel", level));
    return 1;
  }
  if (levels.empty()) levels.push_back(current_runlevel(invocation.files));
  int status = 0;
  for (const auto& level : levels) {
    const bool done = given.operands.front() == "add" ? change.add(service, level)
                                                      : change.remove(service, level);
    if (!done) status = 1;
  }
  return status;
}

std::optional<std::string> rc_update_unsupported(KnownArguments arguments) {
  std::optional<std::string> fault;
  const auto given = parse_known_options(arguments, update_rules, fault);
  if (fault) return fault;
  if (given.operands.empty()) return "showing the runlevels";
  const auto& verb = given.operands.front();
  if (verb && !is_update_verb(*verb)) return *verb;
  return std::nullopt;
}

int run_rc_service(const Invocation& invocation) {
  const auto given = parse_options(invocation, service_rules);
  if (given.operands.empty()) throw NotNative("rc-service without a service");
  const std::string& service = given.operands.front();
  const bool is_there = !service_path(invocation.files, service).empty();
  if (given.has('e')) return is_there ? 0 : 1;
  // No system runs, so there is nothing to start or stop.
  if (is_there || given.has('i')) return 0;
  invocation.error.write(fmt::format(" * rc-service: service `{}' does not exist\n", service));
  return 1;
}

std::optional<std::string> rc_service_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, service_rules);
}

}  // namespace tarn::builder
