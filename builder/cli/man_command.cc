#include <algorithm>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/cli/commands.h"
#include "builder/cli/manual_page.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

struct ManOptions {
  std::vector<std::string> words;
  fs::path folder;
};

const CLI::App& find_command(const CLI::App& root, const std::vector<std::string>& words) {
  const CLI::App* command = &root;
  for (const std::string& word : words) {
    const auto below = subcommands_of(*command);
    const auto found =
        std::ranges::find(below, word, [](const CLI::App* child) { return child->get_name(); });
    if (found == below.end()) {
      std::string page = manual_page_name(*command);
      std::ranges::replace(page, '-', ' ');
      throw Error(ErrorKind::usage, fmt::format("'{}' has no command '{}'", page, word))
          .hint("'tarn --help' lists the commands");
    }
    command = *found;
  }
  return *command;
}

/// Writes the page of a command and of all below it; returns how many these are.
std::size_t write_pages(const CLI::App& command, const fs::path& folder) {
  write_file(folder / (manual_page_name(command) + ".1"), manual_page(command));
  std::size_t pages = 1;
  for (const CLI::App* child : subcommands_of(command)) pages += write_pages(*child, folder);
  return pages;
}

void run_man(const CLI::App& root, const ManOptions& options, const Context& context) {
  const CLI::App& command = find_command(root, options.words);
  if (options.folder.empty()) {
    context.out << manual_page(command);
    return;
  }
  std::error_code status;
  fs::create_directories(options.folder, status);
  if (status) throw system_error("making " + options.folder.string(), status.value());
  const std::size_t pages = write_pages(command, options.folder);
  context.progress.note(NoteLevel::info,
                        fmt::format("wrote {} pages into {}", pages, options.folder.string()));
}

}  // namespace

void add_man_command(Commands& commands) {
  const auto options = std::make_shared<ManOptions>();
  CLI::App& command =
      commands.add(commands.root(), "man",
                   "Print the manual page of a command, or write all pages into a folder",
                   "  tarn man build | man -l -\n"
                   "  tarn man apk index >tarn-apk-index.1\n"
                   "  tarn man --output ~/.local/share/man/man1");
  command.add_option("COMMAND", options->words, "A command (default: tarn itself)")
      ->option_text(" ");
  command
      .add_option("-o,--output", options->folder,
                  "Write the page and those of the commands below, NAME.1, into this folder")
      ->option_text("DIR");
  const CLI::App* root = &commands.root();
  commands.on(command,
              [options, root](const Context& context) { run_man(*root, *options, context); });
}

}  // namespace tarn::builder
