#include <chrono>
#include <memory>
#include <optional>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/fetch/store.h"
#include "builder/cli/commands.h"
#include "builder/terminal/format_size.h"
#include "builder/terminal/table.h"

namespace tarn::builder {
namespace {

/// The store; nothing when there is no cache (which looking at it must not make).
std::optional<apk::Store> existing_store(const std::filesystem::path& folder) {
  if (!std::filesystem::exists(folder)) return std::nullopt;
  return apk::Store(folder);
}

void show_info(bool as_json, const Context& context) {
  const auto folder = cache_folder(context.options);
  const auto store = existing_store(folder);
  const auto usage = store ? store->usage() : std::vector<apk::Store::Usage>();
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  auto kinds = nlohmann::ordered_json::array();
  Table table({{"kind", Align::left}, {"entries", Align::right}, {"size", Align::right}});
  for (const auto& kind : usage) {
    entries += kind.entries;
    bytes += kind.bytes;
    kinds.push_back({{"kind", kind.kind}, {"entries", kind.entries}, {"bytes", kind.bytes}});
    table.add({kind.kind, std::to_string(kind.entries), format_size(kind.bytes)});
  }
  if (as_json)
    return print_json(context, {{"folder", folder.string()},
                                {"kinds", std::move(kinds)},
                                {"entries", entries},
                                {"bytes", bytes}});
  table.add({"total", std::to_string(entries), format_size(bytes)});
  context.out << folder.string() << '\n' << table.str();
}

void clear(bool as_json, const Context& context) {
  const auto folder = cache_folder(context.options);
  auto store = existing_store(folder);
  const std::uint64_t freed = store ? store->clear() : 0;
  if (as_json) return print_json(context, {{"folder", folder.string()}, {"freed", freed}});
  context.progress.note(NoteLevel::info,
                        fmt::format("freed {} in {}", format_size(freed), folder.string()));
}

void verify(bool as_json, const Context& context) {
  const auto folder = cache_folder(context.options);
  auto store = existing_store(folder);
  const auto found =
      store ? store->verify(context.options.threads, context.stop) : apk::Store::Verification();
  if (as_json)
    print_json(context,
               {{"entries", found.entries}, {"bytes", found.bytes}, {"damaged", found.damaged}});
  if (found.damaged.empty()) {
    if (!as_json)
      context.out << fmt::format("{} entries with {} are sound\n", found.entries,
                                 format_size(found.bytes));
    return;
  }
  Error error(ErrorKind::failed,
              fmt::format("{} of {} entries in {} were damaged", found.damaged.size(),
                          found.damaged.size() + found.entries, folder.string()));
  for (const std::string& entry : found.damaged) error.detail("removed", entry);
  throw error.hint(
      "what is needed of them is fetched or made again; should it happen once more, "
      "look after the disk");
}

/// What `tarn cache trim` is to reach.
struct TrimOptions {
  std::optional<std::uint64_t> bytes;
  std::optional<int> days;
  bool json = false;
};

void trim(const TrimOptions& options, const Context& context) {
  if (!options.bytes && !options.days)
    throw Error(ErrorKind::usage, "tarn cache trim: how far?")
        .hint("give --size, --unused-for, or both");
  const auto folder = cache_folder(context.options);
  auto store = existing_store(folder);
  apk::Store::TrimGoal goal{.bytes = options.bytes};
  if (options.days) goal.unused_for = std::chrono::days(*options.days);
  const auto done = store ? store->trim(goal) : apk::Store::Trimming();
  if (options.json)
    return print_json(context,
                      {{"entries", done.entries}, {"freed", done.freed}, {"left", done.left}});
  context.progress.note(NoteLevel::info,
                        fmt::format("freed {} in {}; {} are left", format_size(done.freed),
                                    folder.string(), format_size(done.left)));
}

void add_trim_command(Commands& commands, CLI::App& cache) {
  const auto options = std::make_shared<TrimOptions>();
  CLI::App& command = commands.add(
      cache, "trim",
      "Remove what was not used for longest. Safe at any time: what is needed is fetched or made "
      "again.",
      "  tarn cache trim --size 5GiB\n"
      "  tarn cache trim --unused-for 30");
  command.add_option("--size", options->bytes, "Leave no more than this: 500M, 5GiB")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE");
  command.add_option("--unused-for", options->days, "Remove what was not used for so many days")
      ->check(CLI::Range(1, 36500))
      ->type_name("DAYS");
  command.add_flag("--json", options->json, "Print what was done as JSON");
  commands.on(command, [options](const Context& context) { trim(*options, context); });
}

}  // namespace

void add_cache_commands(Commands& commands) {
  CLI::App& cache = commands.add(commands.root(), "cache",
                                 "Look after the cache of fetched files ($TARN_CACHE, else "
                                 "$XDG_CACHE_HOME/tarn, else ~/.cache/tarn)",
                                 "  tarn cache info\n"
                                 "  tarn cache trim --size 5GiB");
  cache.require_subcommand(1);

  const auto info_json = std::make_shared<bool>(false);
  CLI::App& info_command = commands.add(cache, "info", "Show what is in the cache, by kind",
                                        "  tarn cache info\n"
                                        "  tarn cache info --json --cache /srv/tarn-cache");
  info_command.add_flag("--json", *info_json, "Print JSON");
  commands.on(info_command,
              [info_json](const Context& context) { show_info(*info_json, context); });

  const auto verify_json = std::make_shared<bool>(false);
  CLI::App& verify_command = commands.add(
      cache, "verify",
      "Read everything in the cache and remove what is damaged (a build checks what it uses by "
      "itself)",
      "  tarn cache verify");
  verify_command.add_flag("--json", *verify_json, "Print JSON");
  commands.on(verify_command,
              [verify_json](const Context& context) { verify(*verify_json, context); });
  add_trim_command(commands, cache);

  const auto clear_json = std::make_shared<bool>(false);
  CLI::App& clear_command = commands.add(
      cache, "clear",
      "Remove everything tarn keeps there; other files in the folder stay. Safe at any time: what "
      "is needed is fetched again.",
      "  tarn cache clear");
  clear_command.add_flag("--json", *clear_json, "Print the octets freed as JSON");
  commands.on(clear_command, [clear_json](const Context& context) { clear(*clear_json, context); });
}

}  // namespace tarn::builder
