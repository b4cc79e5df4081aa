#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "builder/scripts/commands/account_file.h"
#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/file_commands.h"
#include "builder/scripts/commands/file_mode.h"
#include "builder/scripts/commands/options.h"

namespace tarn::builder {
namespace {

using Follow = ScriptRootfs::Follow;

constexpr OptionRules ls_rules = {"1AaCxdLHRFplinshrSXvctuw:", "CxLlinshSXvctuw", {}};
constexpr OptionRules stat_rules = {"c:Lft", "ft", {}};

/// A name as ls prints it: what is no printable ASCII character would depend on the locale, but
/// for control characters.
std::string shown_name(std::string_view name) {
  std::string shown;
  for (const char c : name) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x80) throw NotNative("ls: a name that is not ASCII");
    shown += code < ' ' || code == 0x7f ? '?' : c;
  }
  return shown;
}

/// What stands behind a name with -F or -p.
std::string_view indicator(const Node& node, const ParsedOptions<std::string>& given) {
  if (node.type == NodeType::directory && (given.has('F') || given.has('p'))) return "/";
  if (!given.has('F')) return "";
  switch (node.type) {
    case NodeType::symlink:
      return "@";
    case NodeType::fifo:
      return "|";
    case NodeType::file:
      return (node.mode & 0111U) != 0 ? "*" : "";
    default:
      return "";
  }
}

/// A listing of files and of what is in folders.
class Listing {
 public:
  Listing(const Invocation& invocation, const ParsedOptions<std::string>& given)
      : invocation_(invocation), given_(given) {}

  int print(std::vector<std::string> operands) {
    if (operands.empty()) operands.emplace_back(".");
    const bool has_titles = operands.size() > 1 || given_.has('R');
    order(operands);
    int status = 0;
    std::vector<Named> files;
    std::vector<Named> folders;
    for (const auto& operand : operands) {
      const auto node = find(operand);
      if (node == nullptr)
        status = 1;
      else if (node->type == NodeType::directory && !given_.has('d'))
        folders.push_back({operand, node});
      else
        files.push_back({operand, node});
    }
    for (const auto& file : files) print_name(file.name, *file.node);
    is_first_ = files.empty();
    for (const auto& folder : folders) print_folder(folder.name, *folder.node, has_titles);
    return status;
  }

 private:
  struct Named {
    std::string name;
    std::shared_ptr<const Node> node;
  };

  void order(std::vector<std::string>& names) const {
    std::sort(names.begin(), names.end());
    if (given_.has('r')) std::reverse(names.begin(), names.end());
  }

  /// Links among the operands are followed, unless -F tells what they are.
  std::shared_ptr<const Node> find(const std::string& operand) const {
    const bool follows = !given_.has('F') || given_.has('H');
    int problem = 0;
    const Entry* const entry = invocation_.files.find(
        path_of(invocation_, operand), follows ? Follow::last : Follow::not_last, &problem);
    if (entry != nullptr) return entry->node;
    complain_of(invocation_, operand, problem);
    return nullptr;
  }

  void print_name(const std::string& name, const Node& node) const {
    invocation_.output.write(fmt::format("{}{}\n", shown_name(name), indicator(node, given_)));
  }

  void print_folder(const std::string& path, const Node& folder, bool has_title) {
    const ScriptBudget::Level level(invocation_.budget);
    invocation_.budget.spend_steps(1 + folder.children.size());
    if (!is_first_) invocation_.output.write("\n");
    is_first_ = false;
    if (has_title) invocation_.output.write(shown_name(path) + ":\n");
    std::vector<std::string> names;
    for (const auto& [name, entry] : folder.children)
      if (!name.starts_with('.') || given_.has('a') || given_.has('A')) names.push_back(name);
    if (given_.has('a')) names.insert(names.end(), {".", ".."});
    order(names);
    for (const auto& name : names) {
      const bool is_special = name == "." || name == "..";
      print_name(name, is_special ? folder : *folder.children.find(name)->second.node);
    }
    if (!given_.has('R')) return;
    for (const auto& name : names) {
      if (name == "." || name == "..") continue;
      const Node& node = *folder.children.find(name)->second.node;
      if (node.type == NodeType::directory) print_folder(join_path(path, name), node, true);
    }
  }

  const Invocation& invocation_;
  const ParsedOptions<std::string>& given_;
  bool is_first_ = true;
};

/// The letters of stat -c that are built.
constexpr std::string_view stat_letters = "aAfFgGnNstTuU";

std::uint32_t type_bits(NodeType type) {
  switch (type) {
    case NodeType::directory:
      return 0040000;
    case NodeType::symlink:
      return 0120000;
    case NodeType::character_device:
      return 0020000;
    case NodeType::block_device:
      return 0060000;
    case NodeType::fifo:
      return 0010000;
    case NodeType::file:
      break;
  }
  return 0100000;
}

std::string_view type_name(const Node& node) {
  switch (node.type) {
    case NodeType::directory:
      return "directory";
    case NodeType::symlink:
      return "symbolic link";
    case NodeType::character_device:
      return "character special file";
    case NodeType::block_device:
      return "block special file";
    case NodeType::fifo:
      return "fifo";
    case NodeType::file:
      break;
  }
  return node.content.size == 0 ? "regular empty file" : "regular file";
}

std::string owner_name(const Invocation& invocation, AccountFile::Kind kind, std::uint32_t number) {
  const AccountFile file(invocation, kind);
  const auto* const record = file.find_number(number);
  return record == nullptr ? "UNKNOWN" : record->front();
}

std::string size_text(const Node& node) {
  if (node.type == NodeType::directory) throw NotNative("stat: a folder's size");
  if (node.type == NodeType::symlink) return fmt::format("{}", node.target.size());
  return fmt::format("{}", node.content.size);
}

std::string stat_field(const Invocation& invocation, char letter, const std::string& operand,
                       const Node& node) {
  switch (letter) {
    case 'a':
      return fmt::format("{:o}", node.mode);
    case 'A':
      return type_letter(node.type) + mode_letters(node.mode);
    case 'f':
      return fmt::format("{:x}", type_bits(node.type) | node.mode);
    case 'F':
      return std::string(type_name(node));
    case 'g':
      return fmt::format("{}", node.gid);
    case 'G':
      return owner_name(invocation, AccountFile::Kind::group, node.gid);
    case 'n':
      return operand;
    case 'N':
      if (node.type != NodeType::symlink) return operand;
      return fmt::format("'{}' -> '{}'", operand, node.target);
    case 's':
      return size_text(node);
    case 't':
      return fmt::format("{:x}", node.device_major);
    case 'T':
      return fmt::format("{:x}", node.device_minor);
    case 'u':
      return fmt::format("{}", node.uid);
    case 'U':
      return owner_name(invocation, AccountFile::Kind::passwd, node.uid);
    default:
      throw NotNative(fmt::format("stat: format %{}", letter));
  }
}

/// Why a format is not built; nothing when it is.
std::optional<std::string> format_fault(std::string_view format) {
  for (std::size_t at = format.find('%'); at != std::string_view::npos;
       at = format.find('%', at + 2)) {
    if (at + 1 == format.size()) return "format %";
    const char letter = format[at + 1];
    if (letter != '%' && stat_letters.find(letter) == std::string_view::npos)
      return fmt::format("format %{}", letter);
  }
  return std::nullopt;
}

}  // namespace

int run_ls(const Invocation& invocation) {
  const auto given = parse_options(invocation, ls_rules);
  return Listing(invocation, given).print(given.operands);
}

std::optional<std::string> ls_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, ls_rules);
}

int run_stat(const Invocation& invocation) {
  const auto given = parse_options(invocation, stat_rules);
  const auto* const format = given.value('c');
  if (format == nullptr || given.operands.empty()) throw NotNative("stat: without a format");
  if (const auto fault = format_fault(*format)) throw NotNative("stat: " + *fault);
  int status = 0;
  for (const auto& operand : given.operands) {
    int problem = 0;
    const Entry* const entry = invocation.files.find(
        path_of(invocation, operand), given.has('L') ? Follow::last : Follow::not_last, &problem);
    if (entry == nullptr) {
      invocation.complain(fmt::format("can't stat '{}': {}", operand, error_text(problem)));
      status = 1;
      continue;
    }
    std::string text;
    for (std::size_t at = 0; at < format->size(); ++at) {
      const char c = (*format)[at];
      if (c != '%')
        text += c;
      else if ((*format)[++at] == '%')
        text += '%';
      else
        text += stat_field(invocation, (*format)[at], operand, *entry->node);
    }
    invocation.output.write(text + "\n");
  }
  return status;
}

std::optional<std::string> stat_unsupported(KnownArguments arguments) {
  std::optional<std::string> fault;
  const auto given = parse_known_options(arguments, stat_rules, fault);
  if (fault) return fault;
  const bool is_known = std::all_of(arguments.begin(), arguments.end(),
                                    [](const auto& argument) { return argument.has_value(); });
  const auto* const format = given.value('c');
  if (format == nullptr) return is_known ? std::optional("without a format") : std::nullopt;
  return *format ? format_fault(**format) : std::nullopt;
}

}  // namespace tarn::builder
