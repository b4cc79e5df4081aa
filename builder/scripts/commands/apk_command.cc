#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "apk/model/version.h"
#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/system_commands.h"

namespace tarn::builder {
namespace {

constexpr std::array<LongOption, 6> long_options = {{{"installed", 'e'},
                                                     {"contents", 'L'},
                                                     {"quiet", 'q'},
                                                     {"verbose", 'v'},
                                                     {"test", 't'},
                                                     {"print-arch", 'P'}}};
constexpr OptionRules rules = {"eLqvtP", "", long_options};

/// Whether a name is plain: apk would take others for a dependency with a version, a tag, a path.
bool is_plain(std::string_view name) {
  return !name.empty() && name.front() != '/' &&
         name.find_first_of("<>=~@!*") == std::string_view::npos;
}

/// Why a call is not built, as far as it is known.
template <typename Text>
std::optional<std::string> call_fault(const ParsedOptions<Text>& given) {
  if (given.has('P')) return given.operands.empty() ? std::nullopt : std::optional("operands");
  if (given.operands.empty()) return "its usage text";
  const std::optional<std::string> applet(given.operands.front());
  if (!applet) return std::nullopt;
  if (*applet == "version") {
    if (given.has('t') && given.operands.size() == 3) return std::nullopt;
    return "version but with -t and two versions";
  }
  if (*applet != "info") return *applet;
  if (given.has('t')) return "info -t";
  if (given.operands.size() > 1 && !given.has('e') && !given.has('L')) return "info of a package";
  return std::nullopt;
}

const apk::InstalledPackage* find_by_name(const Invocation& invocation, std::string_view name) {
  for (const auto& package : invocation.surroundings.packages)
    if (package.package.name == name) return &package;
  return nullptr;
}

/// The package of that name or the one that provides it.
const apk::InstalledPackage* find_provider(const Invocation& invocation, const std::string& name) {
  if (!is_plain(name)) throw NotNative(fmt::format("apk: name '{}'", name));
  if (const auto* const package = find_by_name(invocation, name)) return package;
  const apk::InstalledPackage* found = nullptr;
  for (const auto& package : invocation.surroundings.packages) {
    const auto& provides = package.package.provides;
    const bool has = std::any_of(provides.begin(), provides.end(),
                                 [&](const auto& provide) { return provide.name == name; });
    if (!has) continue;
    if (found != nullptr) throw NotNative(fmt::format("apk: several providers of '{}'", name));
    found = &package;
  }
  return found;
}

void print_name(const Invocation& invocation, const apk::InstalledPackage& package, bool is_long) {
  invocation.output.write((is_long ? package.package.label() : package.package.name) + "\n");
}

void print_files(const Invocation& invocation, const apk::InstalledPackage& package,
                 bool is_quiet) {
  std::string text;
  if (!is_quiet) text = package.package.label() + " contains:\n";
  for (const auto& directory : package.directories)
    for (const auto& file : directory.files)
      text += directory.path + (directory.path.empty() ? "" : "/") + file.name + "\n";
  if (!is_quiet) text += "\n";
  invocation.output.write(text);
}

int print_info(const Invocation& invocation, const ParsedOptions<std::string>& given) {
  const auto names = std::span(given.operands).subspan(1);
  if (names.empty()) {
    if (given.has('e')) return 0;
    if (given.has('L')) throw NotNative("apk: info -L without a name");
    for (const auto* const package : apk::in_database_order(invocation.surroundings.packages))
      print_name(invocation, *package, given.has('v'));
    return 0;
  }
  int status = 0;
  for (const auto& name : names) {
    const auto* const package = find_provider(invocation, name);
    if (package == nullptr)
      status = 1;
    else if (given.has('L'))
      print_files(invocation, *package, given.has('q'));
    else if (!given.has('q'))
      print_name(invocation, *package, given.has('v'));
  }
  return status;
}

/// What apk calls the architecture of a machine.
std::string architecture_of(const std::string& machine) {
  if (machine == "i686") return "x86";
  if (machine == "armv6l") return "armhf";
  if (machine == "armv7l") return "armv7";
  return machine;
}

}  // namespace

int run_apk(const Invocation& invocation) {
  const auto given = parse_options(invocation, rules);
  if (const auto fault = call_fault(given)) throw NotNative("apk: " + *fault);
  if (std::count_if(given.options.begin(), given.options.end(),
                    [](const auto& option) { return option.letter == 'v'; }) > 1)
    throw NotNative("apk: option -v twice");
  if (given.has('P')) {
    invocation.output.write(architecture_of(invocation.surroundings.machine) + "\n");
    return 0;
  }
  if (given.operands.front() == "info") return print_info(invocation, given);
  const auto order = apk::compare_versions(given.operands[1], given.operands[2]);
  invocation.output.write(order < 0 ? "<\n" : order > 0 ? ">\n" : "=\n");
  return 0;
}

std::optional<std::string> apk_unsupported(KnownArguments arguments) {
  std::optional<std::string> fault;
  const auto given = parse_known_options(arguments, rules, fault);
  if (!fault) fault = call_fault(given);
  const bool is_known = std::all_of(arguments.begin(), arguments.end(),
                                    [](const auto& argument) { return argument.has_value(); });
  // A missing argument may be the option that makes the call a built one.
  return is_known || (fault && !given.operands.empty() && given.operands.front()) ? fault
                                                                                  : std::nullopt;
}

}  // namespace tarn::builder
