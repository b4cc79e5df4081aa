#include <memory>
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

}  // namespace

void add_cache_commands(Commands& commands) {
  CLI::App& cache = commands.add(commands.root(), "cache",
                                 "Show or clear the cache of fetched files ($TARN_CACHE, else "
                                 "$XDG_CACHE_HOME/tarn, else ~/.cache/tarn)",
                                 "  tarn cache info\n"
                                 "  tarn cache clear");
  cache.require_subcommand(1);

  const auto info_json = std::make_shared<bool>(false);
  CLI::App& info_command = commands.add(cache, "info", "Show what is in the cache, by kind",
                                        "  tarn cache info\n"
                                        "  tarn cache info --json --cache /srv/tarn-cache");
  info_command.add_flag("--json", *info_json, "Print JSON");
  commands.on(info_command,
              [info_json](const Context& context) { show_info(*info_json, context); });

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
