#include <array>
#include <charconv>
#include <ctime>

#include <fmt/core.h>

#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/system_commands.h"

namespace tarn::builder {
namespace {

constexpr OptionRules rules = {"Rs:ud:r:I::D:", "RsrID", {}};
/// What strftime of musl has, as other C libraries do; %s, %Z, %z and %% are done here.
constexpr std::string_view plain_letters = "aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyY";
constexpr std::string_view default_format = "%a %b %e %H:%M:%S %Z %Y";

/// Why a format is not built; nothing when it is.
std::optional<std::string> format_fault(std::string_view format) {
  for (auto at = format.find('%'); at != std::string_view::npos; at = format.find('%', at + 2)) {
    if (at + 1 == format.size()) return "format %";
    const char letter = format[at + 1];
    if (std::string_view("sZz%").find(letter) == std::string_view::npos &&
        plain_letters.find(letter) == std::string_view::npos)
      return fmt::format("format %{}", letter);
  }
  return std::nullopt;
}

std::string field(char letter, std::int64_t time, const std::tm& parts) {
  switch (letter) {
    case '%':
      return "%";
    case 's':
      return fmt::format("{}", time);
    case 'Z':
      return "UTC";
    case 'z':
      return "+0000";
    default:
      break;
  }
  const std::array<char, 3> format = {'%', letter, '\0'};
  std::array<char, 128> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), format.data(), &parts);
  return std::string(text.data(), size);
}

/// The time of -d: only seconds since 1970.
std::optional<std::int64_t> parse_time(std::string_view text) {
  if (!text.starts_with('@')) return std::nullopt;
  text.remove_prefix(1);
  std::int64_t time = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time);
  // Beyond the year 9999 libraries differ.
  if (error != std::errc() || end != text.data() + text.size() || time < 0 || time > 253402300799)
    return std::nullopt;
  return time;
}

}  // namespace

int run_date(const Invocation& invocation) {
  const auto given = parse_options(invocation, rules);
  std::string format(default_format);
  if (given.operands.size() > 1) throw NotNative("date: operands");
  if (!given.operands.empty()) {
    if (!given.operands.front().starts_with('+')) throw NotNative("date: setting the time");
    format = given.operands.front().substr(1);
  }
  if (const auto fault = format_fault(format)) throw NotNative("date: " + *fault);
  const auto has = [&](std::string_view path) {
    return invocation.files.find(path, ScriptRootfs::Follow::last) != nullptr;
  };
  if (!given.has('u') && (invocation.environment.contains("TZ") || has("/etc/localtime")))
    throw NotNative("date: a time zone");
  std::int64_t time = invocation.surroundings.now;
  if (const auto* const text = given.value('d')) {
    const auto wanted = parse_time(*text);
    if (!wanted) throw NotNative(fmt::format("date: time '{}'", *text));
    time = *wanted;
  }
  const auto seconds = static_cast<std::time_t>(time);
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) throw NotNative("date: a time without a year");
  std::string text;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%')
      text += format[at];
    else
      text += field(format[++at], time, parts);
  }
  invocation.output.write(text + "\n");
  return 0;
}

std::optional<std::string> date_unsupported(KnownArguments arguments) {
  std::optional<std::string> fault;
  const auto given = parse_known_options(arguments, rules, fault);
  if (fault) return fault;
  const auto* const time = given.value('d');
  if (time != nullptr && *time && !parse_time(**time)) return fmt::format("time '{}'", **time);
  for (const auto& operand : given.operands) {
    if (!operand) continue;
    if (!operand->starts_with('+')) return "setting the time";
    if (auto problem = format_fault(std::string_view(*operand).substr(1))) return problem;
  }
  return std::nullopt;
}

}  // namespace tarn::builder
