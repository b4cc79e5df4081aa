#include "builder/cli/cli.h"

#include <algorithm>
#include <array>
#include <iostream>
#include <map>
#include <memory>
#include <span>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <unistd.h>

#include "apk/fetch/cache_folder.h"
#include "apk/support/error.h"
#include "builder/cli/command.h"
#include "builder/cli/commands.h"
#include "builder/cli/program_notes.h"
#include "builder/cli/run_measurement.h"
#include "builder/cli/signals.h"
#include "builder/cli/unsatisfiable_json.h"
#include "builder/terminal/choose_progress.h"

namespace tarn::builder {
namespace {

/// In the order in which help lists them.
constexpr std::array command_families = {
    &add_build_command,  &add_publish_command,    &add_load_command,     &add_pull_command,
    &add_sign_command,   &add_verify_command,     &add_diff_command,     &add_size_command,
    &add_sbom_command,   &add_lock_command,       &add_outdated_command, &add_vendor_command,
    &add_plan_command,   &add_why_command,        &add_tree_command,     &add_scripts_command,
    &add_search_command, &add_config_command,     &add_import_command,   &add_init_command,
    &add_schema_command, &add_completion_command, &add_man_command,      &add_apk_commands,
    &add_cache_commands, &add_login_commands,
};

void add_global_options(CLI::App& app, GlobalOptions& options) {
  static const std::map<std::string, ColorMode> colors = {
      {"auto", ColorMode::automatic}, {"always", ColorMode::always}, {"never", ColorMode::never}};
  static const std::map<std::string, StatsForm> stats_forms = {{"text", StatsForm::text},
                                                               {"json", StatsForm::json}};
  auto* quiet = app.add_flag_callback(
      "-q,--quiet", [&options] { options.verbosity = Verbosity::quiet; },
      "Show warnings and errors only");
  app.add_flag_callback(
         "-v,--verbose", [&options] { options.verbosity = Verbosity::verbose; }, "Show details")
      ->excludes(quiet);
  app.add_option_function<std::string>(
         "--color", [&options](const std::string& mode) { options.color = colors.at(mode); },
         "Colour messages: auto, always or never")
      ->check(CLI::IsMember(colors))
      ->option_text("WHEN");
  app.add_option("--cache", options.cache, "Folder of the cache")->option_text("DIR");
  app.add_option("--threads", options.threads, "Threads to work with (default: one a processor)")
      ->check(CLI::Range(1, 1024))
      ->option_text("N");
  const auto form = std::make_shared<std::string>();
  app.add_flag("--stats{text}", *form,
               "Print where the time went to standard error; =json: as JSON (with --json: as a "
               "member of the result)")
      ->check(CLI::IsMember(stats_forms))
      ->each([&options, form](const std::string& name) { options.stats = stats_forms.at(name); })
      ->option_text("[=FORM]");
  app.set_version_flag("--version", "tarn " TARN_VERSION, "Print the version and leave");
}

std::string note_lines(const char* title, std::span<const ProgramNote> notes) {
  constexpr std::size_t column = 34;  // as the other lines of help
  std::string text = std::string(title) + ":\n";
  for (const ProgramNote& note : notes)
    text += fmt::format("  {:<{}}{}\n", note.name, column - 2, note.meaning);
  return text;
}

/// The command among the parsed ones that lies deepest.
const CLI::App& deepest_command(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? app : deepest_command(*commands.front());
}

std::string command_line(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : command_line(*parent) + " " + command.get_name();
}

/// Whether the reader of standard output has gone away (`tarn … | head`).
bool reader_is_gone() {
  pollfd polled{STDOUT_FILENO, POLLOUT, 0};
  return poll(&polled, 1, 0) > 0 && (polled.revents & POLLERR) != 0;
}

bool wants_json(const CLI::App& command) {
  const CLI::Option* option = command.get_option_no_throw("--json");
  return option != nullptr && option->count() > 0;
}

/// Where a command reports to a program, that there is no plan is a result as well.
void report_unsatisfiable(const apk::UnsatisfiableError& error) {
  std::cout << unsatisfiable_json(error).dump(2) << '\n' << std::flush;
}

int run_selected(const CLI::App& app, const Commands& commands, const GlobalOptions& options) {
  const SignalWatch signals;
  const auto progress = choose_progress(std::cerr, STDERR_FILENO, message_place(STDERR_FILENO),
                                        options.verbosity, options.color);
  RunMeasurement measurement(options, *progress, command_line(deepest_command(app)),
                             apk::environment_variable("TARN_TRACE").value_or(""));
  try {
    commands.selected()(
        {options, std::cout, measurement.progress(), signals.stop_token(), measurement});
  } catch (const apk::UnsatisfiableError& error) {
    if (wants_json(deepest_command(app))) report_unsatisfiable(error);
    measurement.finish(RunOutcome::failed, std::cerr);
    throw;
  } catch (...) {
    measurement.finish(RunOutcome::failed, std::cerr);
    throw;
  }
  std::cout.flush();
  measurement.finish(RunOutcome::done, std::cerr);
  if (std::cout) return 0;
  if (reader_is_gone()) return static_cast<int>(ErrorKind::failed);
  throw Error(ErrorKind::failed, "standard output cannot be written");
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app("Builds container images from Alpine packages.", "tarn");
  app.fallthrough();
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  GlobalOptions options;
  options.threads = std::clamp(std::thread::hardware_concurrency(), 1U, 1024U);
  add_global_options(app, options);
  Commands commands(app);
  for (const auto& add : command_families) add(commands);
  // Commands made after this would take it over.
  app.footer(note_lines("Exit status", exit_statuses) + "\n" +
             note_lines("Environment", environment_variables));
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help() << std::flush;
    return 0;
  } catch (const CLI::CallForVersion& version) {
    std::cout << version.what() << '\n' << std::flush;
    return 0;
  } catch (const CLI::ParseError& error) {
    throw Error(ErrorKind::usage, error.what())
        .hint("see '" + command_line(deepest_command(app)) + " --help'");
  }
  return run_selected(app, commands, options);
}

}  // namespace tarn::builder
