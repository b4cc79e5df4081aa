#include "builder/cli/manual_page.h"

#include <algorithm>
#include <set>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "builder/cli/program_notes.h"

namespace tarn::builder {
namespace {

constexpr std::string_view examples_header = "Examples:\n";

struct CodePoint {
  char32_t value;
  std::size_t octets;
};

/// The first code point of a text in UTF-8 that is not empty. Our own texts are well-formed.
CodePoint first_code_point(std::string_view text) {
  const auto octet = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = octet(0);
  const std::size_t octets = first < 0xC0U ? 1 : first < 0xE0U ? 2 : first < 0xF0U ? 3 : 4;
  char32_t value = octets == 1 ? first : first & (0x7FU >> octets);
  for (std::size_t i = 1; i < octets; ++i) value = value << 6U | (octet(i) & 0x3FU);
  return {value, octets};
}

/// A text in roff that shows as it is here, on terminals and when it is copied from there.
std::string literal(std::string_view text) {
  std::string roff;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    text.remove_prefix(std::min(point.octets, text.size()));
    switch (point.value) {
      case U'\\':
        roff += "\\(rs";
        break;
      case U'-':
        roff += "\\-";
        break;
      case U'\'':
        roff += "\\(aq";
        break;
      case U'`':
        roff += "\\(ga";
        break;
      case U'^':
        roff += "\\(ha";
        break;
      case U'~':
        roff += "\\(ti";
        break;
      case U'…':  // which not every terminal has
        roff += "\\&...";
        break;
      default:
        if (point.value < 0x80)
          roff += static_cast<char>(point.value);
        else
          roff += fmt::format("\\[u{:04X}]", static_cast<unsigned>(point.value));
    }
  }
  return roff;
}

/// The same as a line of input: a dot or an apostrophe at its beginning would be a request.
std::string line_of(std::string_view text) {
  const bool is_request = text.starts_with('.') || text.starts_with('\'');
  return (is_request ? "\\&" : "") + literal(text) + "\n";
}

/// Lines that are kept as they are.
std::string lines_of(std::string_view text) {
  std::string roff;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    roff += line_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return roff;
}

std::string bold(std::string_view text) {
  return "\\fB" + literal(text) + "\\fR";
}

std::string italic(std::string_view text) {
  return "\\fI" + literal(text) + "\\fR";
}

std::string list_of(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : between).append(word);
  return text;
}

std::string reference_to(const CLI::App& command) {
  return bold(manual_page_name(command)) + "(1)";
}

std::string command_words(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : command_words(*parent) + " " + command.get_name();
}

const CLI::App& root_of(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command : root_of(*parent);
}

/// What `whatis` shows: the description's first sentence.
std::string summary_of(const CLI::App& command) {
  const std::string& text = command.get_description();
  std::string summary = text.substr(0, text.find(". "));
  if (summary.ends_with('.')) summary.pop_back();
  return summary;
}

bool is_repeatable(const CLI::Option& option) {
  return option.get_expected_max() >= CLI::detail::expected_max_vector_size;
}

bool has_value(const CLI::Option& option) {
  return option.get_type_size() != 0 && option.get_expected_max() != 0;
}

/// What stands for the option's value; empty: it takes none.
std::string value_name(const CLI::Option& option) {
  const std::string& text = option.get_option_text();
  if (!text.empty()) return text == " " ? "" : text;
  if (!has_value(option)) return {};
  // Behind it comes what values are checked against: "SHELL:{bash,zsh,fish}".
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(":{"));
}

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

/// The last of its names, which is the long one where it has one.
std::string longest_name(const CLI::Option& option) {
  return names_of(option).back();
}

std::string description_of(const CLI::Option& option) {
  std::string text = option.get_description();
  if (!option.get_default_str().empty())
    text += fmt::format(" (default: {})", option.get_default_str());
  if (!option.get_excludes().empty()) {
    std::set<std::string> others;
    for (const CLI::Option* other : option.get_excludes()) others.insert(longest_name(*other));
    text += fmt::format(" (not with {})", list_of({others.begin(), others.end()}, ", "));
  }
  return text;
}

std::string option_entry(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : names_of(option)) names.push_back(bold(name));
  const std::string value = value_name(option);
  std::string entry = ".TP\n" + list_of(names, ", ");
  if (!value.empty()) entry += (value.starts_with('[') ? "" : " ") + italic(value);
  return entry + "\n" + line_of(description_of(option));
}

std::string positional_words(const CLI::Option& option) {
  const std::string words = italic(option.get_name(true)) + (is_repeatable(option) ? "\\&..." : "");
  return option.get_required() ? words : "[" + words + "]";
}

/// Those of a group, or the positional ones.
std::vector<const CLI::Option*> positionals_of(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) {
    return option->get_positional() && !option->get_group().empty();
  });
}

std::vector<const CLI::Option*> options_of(const CLI::App& command, const std::string& group) {
  return command.get_options([&](const CLI::Option* option) {
    return option->nonpositional() && !group.empty() && option->get_group() == group;
  });
}

std::string synopsis(const CLI::App& command) {
  std::string line = bold(command_words(command)) + " [" + italic("OPTIONS") + "]";
  for (const CLI::Option* option : positionals_of(command)) line += " " + positional_words(*option);
  if (!subcommands_of(command).empty()) line += " " + italic("COMMAND");
  return ".SH SYNOPSIS\n" + line + "\n";
}

std::string option_sections(const CLI::App& command) {
  std::string roff;
  const auto positionals = positionals_of(command);
  if (!positionals.empty()) roff += ".SH ARGUMENTS\n";
  for (const CLI::Option* option : positionals)
    roff += ".TP\n" + italic(option->get_name(true)) + "\n" + line_of(description_of(*option));
  std::string groups;
  for (const std::string& group : command.get_groups()) {
    const auto options = options_of(command, group);
    if (options.empty()) continue;
    if (group != "Options") groups += ".SS " + literal(group) + "\n";
    for (const CLI::Option* option : options) groups += option_entry(*option);
  }
  return roff + ".SH OPTIONS\n" + groups;
}

/// The program's own options, which every command takes, by their names.
std::string common_options(const CLI::App& command) {
  if (command.get_parent() == nullptr) return {};
  const CLI::App& root = root_of(command);
  std::vector<std::string> names;
  for (const CLI::Option* option : options_of(root, "Options"))
    if (option != root.get_help_ptr() && longest_name(*option) != "--version")
      names.push_back(bold(longest_name(*option)));
  return ".PP\nEvery command takes the options of " + reference_to(root) +
         " as well: " + list_of(names, ", ") + ".\n";
}

std::string command_section(const CLI::App& command) {
  const auto below = subcommands_of(command);
  if (below.empty()) return {};
  std::string roff = ".SH COMMANDS\n";
  for (const CLI::App* child : below)
    roff += ".TP\n" + reference_to(*child) + "\n" + line_of(child->get_description());
  return roff;
}

std::string example_section(const CLI::App& command) {
  const std::string footer = command.get_footer();
  std::string_view text = footer;
  if (!text.starts_with(examples_header)) return {};
  text.remove_prefix(examples_header.size());
  return ".SH EXAMPLES\n.nf\n" + lines_of(text) + ".fi\n";
}

template <typename Notes>
std::string note_section(std::string_view title, const Notes& notes) {
  std::string roff = fmt::format(".SH {}\n", title);
  for (const ProgramNote& note : notes)
    roff += ".TP\n" + bold(note.name) + "\n" + line_of(note.meaning);
  return roff;
}

/// What a reader may want next: the command above, and those beside.
std::string references(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  if (parent == nullptr) return {};
  std::vector<std::string> pages;
  for (const CLI::App* above = parent; above != nullptr; above = above->get_parent())
    pages.push_back(reference_to(*above));
  if (parent->get_parent() != nullptr)
    for (const CLI::App* sibling : subcommands_of(*parent))
      if (sibling != &command) pages.push_back(reference_to(*sibling));
  return ".SH SEE ALSO\n" + list_of(pages, ",\n") + "\n";
}

}  // namespace

std::string manual_page_name(const CLI::App& command) {
  std::string name = command_words(command);
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::vector<const CLI::App*> subcommands_of(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App* child) {
    return !child->get_name().empty() && !child->get_group().empty();
  });
}

std::string manual_page(const CLI::App& command) {
  const std::string name = manual_page_name(command);
  std::string title = name;
  std::ranges::transform(title, title.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  // No date: pages of the same program are the same.
  std::string roff = fmt::format(".TH \"{}\" \"1\" \"\" \"tarn {}\" \"User commands\"\n",
                                 literal(title), TARN_VERSION);
  roff += ".nh\n.ad l\n";  // options stay in one piece
  roff += ".SH NAME\n" + literal(name) + " \\- " + line_of(summary_of(command));
  roff += synopsis(command);
  roff += ".SH DESCRIPTION\n" + line_of(command.get_description());
  roff += command_section(command) + option_sections(command) + common_options(command);
  roff += example_section(command);
  if (command.get_parent() == nullptr)
    roff += note_section("EXIT STATUS", exit_statuses) +
            note_section("ENVIRONMENT", environment_variables);
  return roff + references(command);
}

}  // namespace tarn::builder
