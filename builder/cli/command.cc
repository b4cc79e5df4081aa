#include "builder/cli/command.h"

#include <ostream>
#include <utility>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apk/fetch/cache_folder.h"
#include "apk/support/error.h"
#include "builder/cli/run_measurement.h"

namespace tarn::builder {

void print_json(const Context& context, nlohmann::ordered_json result) {
  context.measurement.add_to(result);
  context.out << result.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
              << '\n';
}

std::filesystem::path cache_folder(const GlobalOptions& options) {
  if (!options.cache.empty()) return options.cache;
  try {
    return apk::cache_folder(apk::environment_variable);
  } catch (Error& error) {
    error.hint("name a folder with --cache or TARN_CACHE");
    throw;
  }
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
