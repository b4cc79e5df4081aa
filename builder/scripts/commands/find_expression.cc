#include "builder/scripts/commands/find_expression.h"

#include <array>

#include <fmt/core.h>

#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/file_mode.h"

namespace tarn::builder {
namespace {

using Kind = FindTerm::Kind;
using Known = std::optional<std::string>;

/// Thrown within the parser; its text is the fault, none when too little is known to tell.
struct Fault {
  std::optional<std::string> text;
};

struct PlainTerm {
  std::string_view name;
  Kind kind;
  bool takes_text;
  bool any_case;
};

constexpr std::array<PlainTerm, 15> plain_terms = {{
    {"-name", Kind::name, true, false},
    {"-iname", Kind::name, true, true},
    {"-path", Kind::path, true, false},
    {"-ipath", Kind::path, true, true},
    {"-type", Kind::type, true, false},
    {"-perm", Kind::mode_exact, true, false},
    {"-user", Kind::user, true, false},
    {"-group", Kind::group, true, false},
    {"-size", Kind::size_in_octets, true, false},
    {"-empty", Kind::empty, false, false},
    {"-print", Kind::print, false, false},
    {"-print0", Kind::print0, false, false},
    {"-prune", Kind::prune, false, false},
    {"-quit", Kind::quit, false, false},
    {"-delete", Kind::remove, false, false},
}};

/// The nesting of brackets is bounded by what recursion can bear.
constexpr int deepest = 50;

class Parser {
 public:
  explicit Parser(KnownArguments arguments) : arguments_(arguments) {}

  FindCall parse() {
    read_operands();
    if (at_ < arguments_.size()) call_.expression = read_any();
    if (at_ < arguments_.size()) throw Fault{"an unpaired ')'"};
    if (!acts_) {
      FindTerm both;
      both.terms.push_back(std::move(call_.expression));
      both.terms.push_back({Kind::print, {}, {}, false, {}});
      call_.expression = std::move(both);
    }
    return std::move(call_);
  }

 private:
  static bool begins_expression(const std::string& word) {
    return word.starts_with('-') || word == "(" || word == "!";
  }

  void read_operands() {
    while (at_ < arguments_.size() && (arguments_[at_] == "-P" || arguments_[at_] == "--")) ++at_;
    for (; at_ < arguments_.size(); ++at_) {
      const Known& word = arguments_[at_];
      if (word && begins_expression(*word)) break;
      // A word that is not known may begin the expression; then this is found out at the run.
      call_.operands.push_back(word.value_or(""));
    }
    if (call_.operands.empty()) call_.operands.emplace_back(".");
  }

  bool is_next(std::string_view word) const {
    return at_ < arguments_.size() && arguments_[at_] && *arguments_[at_] == word;
  }

  FindTerm read_any() {
    FindTerm any{Kind::any_of, {}, {}, false, {}};
    any.terms.push_back(read_all());
    while (is_next("-o") || is_next("-or")) {
      ++at_;
      any.terms.push_back(read_all());
    }
    return any;
  }

  FindTerm read_all() {
    FindTerm all;
    for (;;) {
      if (at_ == arguments_.size() || is_next(")") || is_next("-o") || is_next("-or")) break;
      if ((is_next("-a") || is_next("-and")) && !all.terms.empty()) ++at_;
      all.terms.push_back(read_term());
    }
    if (all.terms.empty()) throw Fault{"an operand of its expression is missing"};
    return all;
  }

  FindTerm read_term() {
    if (at_ == arguments_.size()) throw Fault{"an operand of its expression is missing"};
    const Known word = arguments_[at_++];
    if (!word) throw Fault{std::nullopt};
    if (*word == "!" || *word == "-not") {
      if (++depth_ > deepest) throw Fault{"too deep an expression"};
      FindTerm negation{Kind::negation, {}, {}, false, {}};
      negation.terms.push_back(read_term());
      --depth_;
      return negation;
    }
    if (*word == "(") {
      if (++depth_ > deepest) throw Fault{"too deep an expression"};
      FindTerm group = read_any();
      --depth_;
      if (!is_next(")")) throw Fault{"an unpaired '('"};
      ++at_;
      return group;
    }
    if (*word == "-exec") return read_command();
    if (read_option(*word)) return {};
    for (const auto& plain : plain_terms)
      if (plain.name == *word) return read_plain(plain);
    throw Fault{*word};
  }

  const Known& read_text(const std::string& word) {
    if (at_ == arguments_.size()) throw Fault{word + " without its argument"};
    return arguments_[at_++];
  }

  /// Options hold for the whole call wherever they stand, and are true.
  bool read_option(const std::string& word) {
    if (word == "-depth") {
      call_.visits_folders_last = true;
    } else if (word == "-maxdepth" || word == "-mindepth") {
      const Known& text = read_text(word);
      const auto number = text ? parse_decimal(*text) : std::optional<std::uint32_t>(0);
      if (!number) throw Fault{fmt::format("{} {}", word, *text)};
      (word == "-maxdepth" ? call_.most_depth : call_.least_depth) = *number;
    } else {
      return word == "-xdev" || word == "-mount";
    }
    return true;
  }

  FindTerm read_plain(const PlainTerm& plain) {
    FindTerm term{plain.kind, {}, {}, plain.any_case, {}};
    if (plain.takes_text) term.text = read_text(std::string(plain.name));
    if (plain.kind == Kind::type && term.text &&
        (term.text->size() != 1 ||
         std::string_view("fdlpcb").find(*term.text) == std::string::npos))
      throw Fault{"-type " + *term.text};
    if (plain.kind == Kind::mode_exact && term.text) read_mode(term);
    if (plain.kind == Kind::size_in_octets && term.text && !is_size(*term.text))
      throw Fault{"-size " + *term.text};
    const bool acts = plain.kind == Kind::print || plain.kind == Kind::print0 ||
                      plain.kind == Kind::remove || plain.kind == Kind::quit;
    acts_ = acts_ || acts;
    if (plain.kind == Kind::remove) call_.visits_folders_last = true;
    return term;
  }

  static void read_mode(FindTerm& term) {
    const char sign = term.text->empty() ? '\0' : term.text->front();
    if (sign == '-') term.kind = Kind::mode_all;
    if (sign == '+' || sign == '/') term.kind = Kind::mode_any;
    if (term.kind != Kind::mode_exact) term.text->erase(0, 1);
    if (term.text->empty() || !apply_mode(*term.text, 0, 0, false))
      throw Fault{"-perm " + *term.text};
  }

  /// Only octets are counted without a look at how a file system stores them: "4c", "+10c".
  static bool is_size(std::string_view text) {
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (!text.ends_with('c')) return false;
    text.remove_suffix(1);
    return parse_decimal(text).has_value();
  }

  FindTerm read_command() {
    FindTerm term{Kind::execute, {}, {}, false, {}};
    acts_ = true;
    for (;;) {
      if (at_ == arguments_.size()) throw Fault{"-exec without its end"};
      const Known& word = arguments_[at_++];
      if (word == ";") break;
      if (word == "+" && !term.arguments.empty() && term.arguments.back() == "{}") {
        term.kind = Kind::execute_once;
        break;
      }
      term.arguments.push_back(word);
    }
    check_command(term);
    return term;
  }

  static void check_command(FindTerm& term) {
    if (term.arguments.empty()) throw Fault{"-exec without a command"};
    if (!term.arguments.front()) return;
    const std::string& name = *term.arguments.front();
    const Command* const command = find_command(name);
    if (command == nullptr) throw Fault{"-exec " + name};
    auto known = term.arguments;
    for (auto& argument : known)
      if (argument && argument->find("{}") != std::string::npos) argument.reset();
    if (const auto fault = command->unsupported(known))
      throw Fault{fmt::format("-exec {}: {}", name, *fault)};
    if (term.kind == Kind::execute_once)
      for (std::size_t at = 0; at + 1 < term.arguments.size(); ++at)
        if (term.arguments[at] == "{}") throw Fault{"-exec with '{}' twice before '+'"};
  }

  KnownArguments arguments_;
  std::size_t at_ = 1;
  int depth_ = 0;
  bool acts_ = false;
  FindCall call_;
};

}  // namespace

FindCall parse_find(KnownArguments arguments, std::optional<std::string>& fault) {
  fault.reset();
  try {
    return Parser(arguments).parse();
  } catch (const Fault& problem) {
    fault = problem.text;
    return {};
  }
}

}  // namespace tarn::builder
