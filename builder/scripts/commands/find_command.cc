#include <algorithm>
#include <cerrno>

#include <fmt/core.h>

#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/file_commands.h"
#include "builder/scripts/commands/file_mode.h"
#include "builder/scripts/commands/find_expression.h"
#include "builder/scripts/commands/owner_text.h"
#include "builder/scripts/shell_pattern.h"

namespace tarn::builder {
namespace {

using Follow = ScriptRootfs::Follow;
using Kind = FindTerm::Kind;

/// What a walk of find looks at.
struct Found {
  std::string path;
  const Node* node = nullptr;
};

/// Goes through the trees and carries out the expression.
class Finder {
 public:
  Finder(const Invocation& invocation, FindCall call)
      : invocation_(invocation), call_(std::move(call)) {}

  int run() {
    if (!resolve_owners(call_.expression)) return 1;
    for (const auto& operand : call_.operands) {
      if (has_quit_) break;
      visit(operand, 0);
    }
    run_collected(call_.expression);
    return failed_ ? 1 : 0;
  }

 private:
  /// Puts numbers in place of the names of users and groups; false, complained of, for an unknown.
  bool resolve_owners(FindTerm& term) {
    if (term.kind == Kind::user || term.kind == Kind::group) {
      const auto number = term.kind == Kind::user ? parse_user(invocation_, *term.text)
                                                  : parse_group(invocation_, *term.text);
      if (!number) return false;
      term.text = fmt::format("{}", *number);
    }
    return std::all_of(term.terms.begin(), term.terms.end(),
                       [&](FindTerm& inner) { return resolve_owners(inner); });
  }

  void visit(const std::string& path, std::uint32_t depth) {
    const ScriptBudget::Level level(invocation_.budget);
    invocation_.budget.spend_steps();
    int problem = 0;
    const Entry* const entry =
        invocation_.files.find(path_of(invocation_, path), Follow::not_last, &problem);
    if (entry == nullptr) {
      fail(path, problem);
      return;
    }
    // It lives on whatever the actions do.
    const std::shared_ptr<const Node> node = entry->node;
    const Found found{path, node.get()};
    prunes_ = false;
    if (!call_.visits_folders_last && depth >= call_.least_depth) evaluate(call_.expression, found);
    const bool enters = node->type == NodeType::directory && depth < call_.most_depth && !prunes_;
    if (enters && !has_quit_) visit_below(path, depth);
    if (call_.visits_folders_last && depth >= call_.least_depth && !has_quit_)
      evaluate(call_.expression, found);
  }

  void visit_below(const std::string& path, std::uint32_t depth) {
    int problem = 0;
    const Entry* const folder =
        invocation_.files.find(path_of(invocation_, path), Follow::not_last, &problem);
    if (folder == nullptr) {
      fail(path, problem);
      return;
    }
    std::vector<std::string> names;
    for (const auto& [name, entry] : folder->node->children) names.push_back(name);
    for (const auto& name : names) {
      if (has_quit_) return;
      visit(join_path(path, name), depth + 1);
    }
  }

  void fail(const std::string& path, int problem) {
    complain_of(invocation_, path, problem);
    failed_ = true;
  }

  bool evaluate(FindTerm& term, const Found& found) {
    switch (term.kind) {
      case Kind::all_of:
        return std::all_of(term.terms.begin(), term.terms.end(),
                           [&](FindTerm& inner) { return !has_quit_ && evaluate(inner, found); });
      case Kind::any_of:
        return std::any_of(term.terms.begin(), term.terms.end(),
                           [&](FindTerm& inner) { return !has_quit_ && evaluate(inner, found); });
      case Kind::negation:
        return !evaluate(term.terms.front(), found);
      case Kind::print:
        return print(found, '\n');
      case Kind::print0:
        return print(found, '\0');
      case Kind::prune:
        return prunes_ = true;
      case Kind::quit:
        return has_quit_ = true;
      case Kind::remove:
        return remove(found);
      case Kind::execute:
        return execute(term, found);
      case Kind::execute_once:
        invocation_.budget.spend_octets(found.path.size());
        term.terms.push_back({Kind::name, {}, found.path, false, {}});
        return true;
      default:
        return test(term, found);
    }
  }

  bool test(const FindTerm& term, const Found& found) const {
    const Node& node = *found.node;
    const std::string& text = term.text ? *term.text : found.path;
    PatternRules rules;
    rules.any_case = term.any_case;
    switch (term.kind) {
      case Kind::name:
        return matches_pattern(text, last_part(found.path), rules);
      case Kind::path:
        return matches_pattern(text, found.path, rules);
      case Kind::type:
        return (node.type == NodeType::file ? 'f' : type_letter(node.type)) == text[0];
      case Kind::mode_exact:
        return node.mode == mode_of(text);
      case Kind::mode_all:
        return (node.mode & mode_of(text)) == mode_of(text);
      case Kind::mode_any:
        return (node.mode & mode_of(text)) != 0;
      case Kind::user:
        return text == fmt::format("{}", node.uid);
      case Kind::group:
        return text == fmt::format("{}", node.gid);
      case Kind::empty:
        if (node.type == NodeType::directory) return node.children.empty();
        return node.type == NodeType::file && node.content.size == 0;
      default:
        return has_size(node, text);
    }
  }

  static std::uint32_t mode_of(const std::string& text) {
    return apply_mode(text, 0, 0, false).value_or(0);
  }

  /// "4c", "+4c", "-4c".
  static bool has_size(const Node& node, std::string_view text) {
    if (node.type == NodeType::directory) throw NotNative("find: a folder's size");
    const char sign = text.front();
    if (sign == '+' || sign == '-') text.remove_prefix(1);
    text.remove_suffix(1);
    const std::uint64_t wanted = parse_decimal(text).value_or(0);
    const std::uint64_t size =
        node.type == NodeType::symlink ? node.target.size() : node.content.size;
    if (sign == '+') return size > wanted;
    return sign == '-' ? size < wanted : size == wanted;
  }

  bool print(const Found& found, char end) const {
    invocation_.output.write(found.path + end);
    return true;
  }

  bool remove(const Found& found) const {
    if (found.path == ".") return true;
    const std::string place = path_of(invocation_, found.path);
    const int problem = found.node->type == NodeType::directory
                            ? invocation_.files.remove_directory(place)
                            : invocation_.files.remove_file(place);
    if (problem != 0) complain_of(invocation_, found.path, problem);
    return true;
  }

  bool execute(const FindTerm& term, const Found& found) const {
    std::vector<std::string> arguments;
    for (const auto& argument : term.arguments) {
      std::string text = *argument;
      for (std::size_t at = text.find("{}"); at != std::string::npos;
           at = text.find("{}", at + found.path.size()))
        text.replace(at, 2, found.path);
      invocation_.budget.spend_octets(text.size());
      arguments.push_back(std::move(text));
    }
    return invocation_.run(arguments, invocation_.input) == 0;
  }

  /// Runs the commands of `-exec … +` with what was found for each.
  void run_collected(FindTerm& term) {
    if (term.kind == Kind::execute_once) {
      if (term.terms.empty()) return;
      std::vector<std::string> arguments;
      for (const auto& argument : term.arguments) arguments.push_back(*argument);
      arguments.pop_back();
      for (const auto& found : term.terms) arguments.push_back(*found.text);
      if (invocation_.run(arguments, invocation_.input) != 0) failed_ = true;
      return;
    }
    for (auto& inner : term.terms) run_collected(inner);
  }

  const Invocation& invocation_;
  FindCall call_;
  bool prunes_ = false;
  bool has_quit_ = false;
  bool failed_ = false;
};

}  // namespace

int run_find(const Invocation& invocation) {
  const std::vector<std::optional<std::string>> known(invocation.arguments.begin(),
                                                      invocation.arguments.end());
  std::optional<std::string> fault;
  FindCall call = parse_find(known, fault);
  if (fault) throw NotNative("find: " + *fault);
  return Finder(invocation, std::move(call)).run();
}

std::optional<std::string> find_unsupported(KnownArguments arguments) {
  std::optional<std::string> fault;
  parse_find(arguments, fault);
  return fault;
}

}  // namespace tarn::builder
