#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "builder/cli/commands.h"

namespace tarn::builder {
namespace {

/// A command as a shell needs to know it.
struct KnownCommand {
  std::string path;                  ///< "apk info"; of the program itself ""
  std::vector<std::string> words;    ///< its subcommands
  std::vector<std::string> options;  ///< "--arch", "-o"
};

void collect(const CLI::App& app, const std::string& path, std::vector<KnownCommand>& all) {
  KnownCommand known{path, {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) known.options.push_back("--" + name);
    for (const std::string& name : option->get_snames()) known.options.push_back("-" + name);
  }
  const auto subcommands =
      app.get_subcommands([](const CLI::App* child) { return !child->get_name().empty(); });
  for (const CLI::App* child : subcommands) known.words.push_back(child->get_name());
  all.push_back(std::move(known));
  for (const CLI::App* child : subcommands)
    collect(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), all);
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

/// "case" branches that set `commands` and `options` for the command in $path.
std::string branches(const std::vector<KnownCommand>& all, const std::string& indent) {
  std::string text;
  for (const KnownCommand& known : all)
    text += fmt::format("{}'{}') commands='{}'; options='{}' ;;\n", indent, known.path,
                        join(known.words), join(known.options));
  return text;
}

std::string all_paths(const std::vector<KnownCommand>& all) {
  std::string text;
  for (const KnownCommand& known : all)
    if (!known.path.empty()) text += "|" + known.path;
  return text + "|";
}

std::string bash_completion(const std::vector<KnownCommand>& all) {
  return fmt::format(R"(# bash completion for tarn: source it, or put it into
# ~/.local/share/bash-completion/completions/tarn
_tarn() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} path='' word commands='' options=''
  local known='{}'
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case $known in
      *"|${{path:+$path }}$word|"*) path=${{path:+$path }}$word ;;
    esac
  done
  case $path in
{}  esac
  COMPREPLY=()
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ -n $commands ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    compopt -o filenames 2>/dev/null
  fi
}}
complete -F _tarn tarn
)",
                     all_paths(all), branches(all, "    "));
}

std::string zsh_completion(const std::vector<KnownCommand>& all) {
  return fmt::format(R"(#compdef tarn
# zsh completion for tarn: put it as _tarn into a folder of $fpath.
_tarn() {{
  local path='' word commands='' options=''
  local known='{}'
  for word in ${{words[2,CURRENT-1]}}; do
    if [[ $known == *"|${{path:+$path }}$word|"* ]]; then path=${{path:+$path }}$word; fi
  done
  case $path in
{}  esac
  if [[ $PREFIX == -* ]]; then
    compadd -- ${{=options}}
  elif [[ -n $commands ]]; then
    compadd -- ${{=commands}}
  else
    _files
  fi
}}
if [[ $funcstack[1] == _tarn ]]; then _tarn "$@"; else compdef _tarn tarn; fi
)",
                     all_paths(all), branches(all, "    "));
}

std::string fish_completion(const std::vector<KnownCommand>& all) {
  std::string text =
      "# fish completion for tarn: put it into ~/.config/fish/completions/tarn.fish\n";
  for (const KnownCommand& known : all) {
    std::string condition = "__fish_use_subcommand";
    if (!known.path.empty()) {
      condition.clear();
      std::string rest = known.path;
      while (!rest.empty()) {
        const std::size_t blank = rest.find(' ');
        condition.append(condition.empty() ? "" : "; and ")
            .append("__fish_seen_subcommand_from ")
            .append(rest.substr(0, blank));
        rest = blank == std::string::npos ? "" : rest.substr(blank + 1);
      }
    }
    if (!known.words.empty())
      text += fmt::format("complete -c tarn -f -n '{}' -a '{}'\n", condition, join(known.words));
    for (const std::string& option : known.options)
      text += option.starts_with("--")
                  ? fmt::format("complete -c tarn -n '{}' -l {}\n", condition, option.substr(2))
                  : fmt::format("complete -c tarn -n '{}' -s {}\n", condition, option.substr(1));
  }
  return text;
}

}  // namespace

void add_completion_command(Commands& commands) {
  const auto shell = std::make_shared<std::string>();
  CLI::App& command =
      commands.add(commands.root(), "completion",
                   "Print what a shell needs to complete tarn's commands and options",
                   "  source <(tarn completion bash)\n"
                   "  tarn completion zsh > ~/.zfunc/_tarn\n"
                   "  tarn completion fish > ~/.config/fish/completions/tarn.fish");
  command.add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->type_name("SHELL");
  const CLI::App* root = &commands.root();
  commands.on(command, [shell, root](const Context& context) {
    std::vector<KnownCommand> all;
    collect(*root, "", all);
    context.out << (*shell == "bash"  ? bash_completion(all)
                    : *shell == "zsh" ? zsh_completion(all)
                                      : fish_completion(all));
  });
}

}  // namespace tarn::builder
