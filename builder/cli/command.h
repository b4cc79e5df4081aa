#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <stop_token>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "apk/support/progress.h"
#include "builder/terminal/output_options.h"

namespace CLI {
class App;
}

namespace tarn::builder {

class RunMeasurement;

/// How --stats prints statistics of the run.
enum class StatsForm { none, text, json };

/// The options every command takes.
struct GlobalOptions {
  Verbosity verbosity = Verbosity::normal;
  ColorMode color = ColorMode::automatic;
  std::filesystem::path cache;  ///< as given with --cache; empty: not given
  std::size_t threads = 1;      ///< at least 1
  StatsForm stats = StatsForm::none;
};

/// What a command is handed of the world.
struct Context {
  const GlobalOptions& options;
  std::ostream& out;  ///< results, and nothing else
  Progress& progress;
  std::stop_token stop;  ///< stop is asked for when the person presses Ctrl-C
  RunMeasurement& measurement;
};

/// Prints the result of a command that --json was given to: indented, octets that are not UTF-8
/// replaced. Where the run's statistics are wanted they become the member "stats" of an object.
void print_json(const Context& context, nlohmann::ordered_json result);

/// The cache folder: --cache, else $TARN_CACHE, else $XDG_CACHE_HOME/tarn, else ~/.cache/tarn.
/// Throws Error (usage) when none of these is set.
std::filesystem::path cache_folder(const GlobalOptions& options);

/// The commands of the program, as they are declared. Parsing the arguments selects one; it runs
/// afterwards, when the global options are known.
class Commands {
 public:
  using Action = std::function<void(const Context&)>;

  explicit Commands(CLI::App& root) : root_(root) {}
  CLI::App& root() { return root_; }

  /// A new command below `parent`. `examples` are lines of a shell, shown at the end of its help.
  CLI::App& add(CLI::App& parent, const std::string& name, const std::string& description,
                const std::string& examples);
  /// What `command` does. It reports failure by throwing Error.
  void on(CLI::App& command, Action action);

  /// The action of the command that was parsed; empty when none has one.
  const Action& selected() const { return selected_; }

 private:
  CLI::App& root_;
  Action selected_;
};

}  // namespace tarn::builder
