#include <cctype>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <unistd.h>

#include "apk/model/architecture.h"
#include "apk/model/dependency.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/cli/commands.h"
#include "builder/recipe/load.h"
#include "builder/recipe/print.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

struct InitOptions {
  fs::path recipe = "recipe.yaml";
  std::vector<std::string> packages;
  std::string release = "latest-stable";
  std::vector<std::string> architectures;
  std::string user;
  std::string entrypoint;
  std::string cmd;
  std::vector<std::string> ports;
  bool force = false;
};

/// The user that a new recipe makes, unless another number is asked for.
constexpr std::uint32_t usual_uid = 65532;

/// One line of the person's; `otherwise` where that is empty, or nobody answers any more.
std::string ask(const std::string& question, const std::string& otherwise) {
  std::cerr << question << (otherwise.empty() ? "" : fmt::format(" [{}]", otherwise)) << ": "
            << std::flush;
  std::string line;
  if (!std::getline(std::cin, line)) std::cerr << '\n';
  return line.empty() ? otherwise : line;
}

std::vector<std::string> split_words(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    if (c != ' ' && c != ',' && c != '\t') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  return words;
}

void ask_for_all(InitOptions& options) {
  options.packages = split_words(ask("Packages, beside Alpine's base (nginx, python3, …)", ""));
  options.release = ask("Release of Alpine (v3.22, edge, latest-stable)", options.release);
  options.architectures = split_words(ask("Architectures", apk::Architecture::host().apk));
  options.user = ask("User to run as (root: none is made)", "nonroot");
  options.cmd = ask("Command to run", "/bin/sh");
  options.ports = split_words(ask("Ports to expose", ""));
}

User read_user(const std::string& text) {
  User user;
  const std::size_t colon = text.find(':');
  user.name = text.substr(0, colon);
  user.uid = usual_uid;
  if (colon == std::string::npos) return user;
  const std::string number = text.substr(colon + 1);
  std::size_t end = 0;
  unsigned long uid = 0;
  try {
    uid = std::stoul(number, &end);
  } catch (const std::exception&) {
    end = 0;
  }
  if (end == 0 || end != number.size() || uid == 0 || uid > 4294967294UL)
    throw Error(ErrorKind::usage, fmt::format("'{}' is no user: write NAME or NAME:UID", text));
  user.uid = static_cast<std::uint32_t>(uid);
  return user;
}

/// "v3.22" for "3.22".
std::string branch_of(const std::string& release) {
  const bool is_number =
      !release.empty() && std::isdigit(static_cast<unsigned char>(release.front())) != 0;
  return is_number ? "v" + release : release;
}

Recipe make_recipe(const InitOptions& options) {
  Recipe recipe;
  recipe.file = options.recipe;
  recipe.vars["release"] = branch_of(options.release);
  for (const char* component : {"main", "community"})
    recipe.contents.repositories.push_back(
        {fmt::format("https://dl-cdn.alpinelinux.org/alpine/${{release}}/{}", component), {}});
  for (const char* package : {"alpine-baselayout", "busybox", "ca-certificates-bundle"})
    recipe.contents.packages.push_back({package, {}});
  for (const std::string& package : options.packages)
    recipe.contents.packages.push_back({package, {}});
  for (const std::string& name : options.architectures) recipe.archs.push_back({name, {}});
  recipe.entrypoint.command = options.entrypoint;
  // An image that runs nothing would be refused by whatever is to run it.
  recipe.cmd = options.cmd.empty() && options.entrypoint.empty() ? "/bin/sh" : options.cmd;
  recipe.exposed_ports = options.ports;
  if (!options.user.empty() && options.user != "root") {
    const User user = read_user(options.user);
    Group group;
    group.name = user.name;
    group.gid = user.uid;
    recipe.accounts.users.push_back(user);
    recipe.accounts.groups.push_back(group);
    recipe.accounts.run_as = user.name;
  }
  return recipe;
}

/// The recipe as it is written; it must read back.
std::string text_of(const Recipe& recipe) {
  const std::string text =
      "# Every key is explained in docs/recipe.md; `tarn schema` is for editors.\n" +
      print_recipe(recipe);
  load_recipe_text(text, recipe.file.string());
  return text;
}

void run_init(InitOptions options, const Context& context) {
  std::error_code status;
  if (!options.force && fs::exists(fs::symlink_status(options.recipe, status)))
    throw Error(ErrorKind::usage, options.recipe.string() + " is there already")
        .hint("name another file, or replace it with --force");
  const bool nothing_said = options.packages.empty() && options.cmd.empty() &&
                            options.entrypoint.empty() && options.user.empty();
  if (nothing_said && ::isatty(STDIN_FILENO) != 0) ask_for_all(options);
  const std::string text =
      with_context("making a recipe", [&] { return text_of(make_recipe(options)); });
  write_file(options.recipe, text);
  context.progress.note(NoteLevel::info,
                        fmt::format("wrote {0}; next: tarn build {0}", options.recipe.string()));
}

}  // namespace

void add_init_command(Commands& commands) {
  const auto options = std::make_shared<InitOptions>();
  CLI::App& command = commands.add(
      commands.root(), "init",
      "Write a first recipe; without options it asks, where somebody is there to answer",
      "  tarn init\n"
      "  tarn init web.yaml --package nginx --release v3.22 --user web:10001 --port 8080 \\\n"
      "      --cmd 'nginx -g \"daemon off;\"'");
  command.add_option("recipe", options->recipe, "The file to write")
      ->capture_default_str()
      ->type_name("FILE");
  command.add_option("--package", options->packages, "A package that is wanted; may be repeated")
      ->delimiter(',')
      ->type_name("NAME");
  command.add_option("--release", options->release, "Alpine's release: v3.22, edge, latest-stable")
      ->capture_default_str()
      ->type_name("BRANCH");
  command
      .add_option("--arch", options->architectures, "An architecture to build for; may be repeated")
      ->delimiter(',')
      ->type_name("ARCH");
  command.add_option("--user", options->user, "A user to make and to run as")
      ->type_name("NAME[:UID]");
  command.add_option("--entrypoint", options->entrypoint, "The program that is always run")
      ->type_name("COMMAND");
  command.add_option("--cmd", options->cmd, "What is run, or the entrypoint's arguments")
      ->type_name("COMMAND");
  command.add_option("--port", options->ports, "A port to expose; may be repeated")
      ->delimiter(',')
      ->type_name("PORT[/PROTOCOL]");
  command.add_flag("--force", options->force, "Replace a recipe that is there");
  commands.on(command, [options](const Context& context) { run_init(*options, context); });
}

}  // namespace tarn::builder
