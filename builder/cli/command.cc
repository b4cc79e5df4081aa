#include "builder/cli/command.h"

#include <cstdlib>
#include <utility>

#include <CLI/CLI.hpp>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

/// A variable of the environment; empty when unset.
std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::filesystem::path cache_folder(const GlobalOptions& options) {
  if (!options.cache.empty()) return options.cache;
  if (const auto folder = environment("TARN_CACHE"); !folder.empty()) return folder;
  if (const auto folder = environment("XDG_CACHE_HOME"); !folder.empty())
    return std::filesystem::path(folder) / "tarn";
  if (const auto home = environment("HOME"); !home.empty())
    return std::filesystem::path(home) / ".cache" / "tarn";
  throw Error(ErrorKind::usage, "there is no place for the cache: HOME is not set")
      .hint("name a folder with --cache or TARN_CACHE");
}

CLI::App& Commands::add(CLI::App& parent, const std::string& name, const std::string& description,
                        const std::string& examples) {
  CLI::App* command = parent.add_subcommand(name, description);
  if (!examples.empty()) command->footer("Examples:\n" + examples);
  return *command;
}

void Commands::on(CLI::App& command, Action action) {
  command.callback([this, action = std::move(action)] { selected_ = action; });
}

}  // namespace tarn::builder
