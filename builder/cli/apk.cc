#include <CLI/CLI.hpp>

#include "builder/cli/commands.h"

namespace tarn::builder {

void add_apk_commands(Commands& commands) {
  CLI::App& apk = commands.add(commands.root(), "apk", "Work on packages, indexes and keys", "");
  apk.require_subcommand(1);
}

}  // namespace tarn::builder
