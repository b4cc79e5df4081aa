#include "builder/scripts/shell_parser.h"

#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

std::string show(const CommandList& commands);

std::string show(const ShellWord& word) {
  std::string shown;
  for (const auto& part : word.parts) {
    const auto open = part.quoted ? "\"" : "";
    shown += open;
    if (part.kind == WordPart::Kind::text) shown += part.text;
    if (part.kind == WordPart::Kind::parameter) {
      shown += "${" + part.text;
      if (part.operation != ParameterOperator::none)
        shown += " op" + std::to_string(static_cast<int>(part.operation));
      if (part.empty_counts_as_unset) shown += ":";
      for (const auto& operand : part.operands) shown += " <" + show(operand) + ">";
      shown += "}";
    }
    if (part.kind == WordPart::Kind::command) shown += "$(" + show(part.program->commands) + ")";
    if (part.kind == WordPart::Kind::arithmetic)
      shown += "$((" + show(part.operands.front()) + "))";
    shown += open;
  }
  return shown.empty() ? "''" : shown;
}

std::string show(const ShellCommand& command);

struct Shower {
  std::string operator()(const SimpleCommand& simple) const {
    std::string shown;
    for (const auto& assignment : simple.assignments)
      shown += " " + assignment.name + ":=" + show(assignment.value);
    for (const auto& word : simple.words) shown += " " + show(word);
    return shown.empty() ? shown : shown.substr(1);
  }
  std::string operator()(const Pipeline& pipeline) const {
    std::string shown = pipeline.negated ? "!" : "";
    for (const auto& stage : pipeline.stages) shown += "|" + show(*stage);
    return shown;
  }
  std::string operator()(const AndOrList& list) const {
    std::string shown;
    for (const auto& member : list.members) {
      if (member.condition == AndOrList::Condition::success) shown += " && ";
      if (member.condition == AndOrList::Condition::failure) shown += " || ";
      shown += show(*member.command);
    }
    return "[" + shown + "]";
  }
  std::string operator()(const BackgroundCommand& background) const {
    return show(*background.command) + " &";
  }
  std::string operator()(const GroupCommand& group) const { return "{" + show(group.body) + "}"; }
  std::string operator()(const SubshellCommand& subshell) const {
    return "(" + show(subshell.body) + ")";
  }
  std::string operator()(const IfCommand& conditional) const {
    std::string shown;
    for (const auto& branch : conditional.branches)
      shown += "if " + show(branch.condition) + " then " + show(branch.body) + " ";
    return shown + "else " + show(conditional.otherwise);
  }
  std::string operator()(const ForCommand& loop) const {
    std::string shown = "for " + loop.name + (loop.over_arguments ? " @" : "");
    for (const auto& word : loop.words) shown += " " + show(word);
    return shown + " do " + show(loop.body);
  }
  std::string operator()(const LoopCommand& loop) const {
    return (loop.until ? "until " : "while ") + show(loop.condition) + " do " + show(loop.body);
  }
  std::string operator()(const CaseCommand& choice) const {
    std::string shown = "case " + show(choice.word);
    for (const auto& item : choice.items) {
      for (const auto& pattern : item.patterns) shown += " |" + show(pattern);
      shown += ") " + show(item.body) + ";;";
    }
    return shown;
  }
  std::string operator()(const FunctionDefinition& definition) const {
    return definition.name + "() " + show(*definition.body);
  }
};

std::string show(const ShellCommand& command) {
  auto shown = std::visit(Shower{}, command.what);
  for (const auto& redirection : command.redirections) {
    shown += " <redirect " + std::to_string(redirection.descriptor) + " " +
             std::to_string(static_cast<int>(redirection.kind)) + " " +
             show(redirection.document ? *redirection.document : redirection.target) + ">";
  }
  return shown;
}

std::string show(const CommandList& commands) {
  std::string shown;
  for (const auto& command : commands) shown += (shown.empty() ? "" : "; ") + show(*command);
  return shown;
}

struct Case {
  std::string text;
  std::string shown;
};

const std::vector<Case> cases = {
    {"", ""},
    {"\n\n# comment\n  \n", ""},
    {"echo a  b\tc", "echo a b c"},
    {"echo a;echo b\necho c;", "echo a; echo b; echo c"},
    {"echo a#b #c", "echo a#b"},
    {"ec\\\nho a\\\n b", "echo a b"},
    {"echo 'a b' \"c $d\" e\\ f ''", "echo \"a b\" \"c \"\"${d}\" e\" \"f \"\""},
    {"echo $'a\\tb\\x41\\101\\'' \"$'a'\"", "echo \"a\tbAA'\" \"$'a'\""},
    {"x=1 y=\"a b\" z= cmd a=b", "x:=1 y:=\"a b\" z:='' cmd a=b"},
    {"\"x\"=1 1x=2 x+=3", "\"x\"=1 1x=2 x+=3"},
    {"a | b | c", "|a|b|c"},
    {"! a", "!|a"},
    {"a && b ||\n\n c", "[a && b || c]"},
    {"a & b", "a &; b"},
    {"(a; b)", "(a; b)"},
    {"{ a; b\n}", "{a; b}"},
    {"if a; then b; elif c; then d; else e; fi", "if a then b if c then d else e"},
    {"if a\nthen\nb\nfi >x", "if a then b else  <redirect 1 1 x>"},
    {"for i in a \"$b\"; do c; done", "for i a \"${b}\" do c"},
    {"for i\ndo c; done", "for i @ do c"},
    {"for i; do c; done", "for i @ do c"},
    {"for do in do; do echo done; done", ""},
    {"while a; do b; done", "while a do b"},
    {"until a; do b; done </x", "until a do b <redirect 0 0 /x>"},
    {"case $x in a|b) c;; (d) ;; *) e; esac", "case ${x} |a |b) c;; |d) ;; |*) e;;"},
    {"case x in\nesac", "case x"},
    {"f() { a; }", "f() {a}"},
    {"f ( )\n(a)", "f() (a)"},
    {"function f { a; }", "f() {a}"},
    {"f() { a; } >x", "f() {a} <redirect 1 1 x>"},
    {"a <b >c >>d 2>e 3<>f >|g",
     "a <redirect 0 0 b> <redirect 1 1 c> <redirect 1 3 d> "
     "<redirect 2 1 e> <redirect 3 4 f> <redirect 1 2 g>"},
    {"a 2>&1 <&- >&x", "a <redirect 2 5 1> <redirect 0 5 -> <redirect 1 1 x> <redirect 2 5 1>"},
    {"a &>x", "a <redirect 1 1 x> <redirect 2 5 1>"},
    {"a 12 >b 1a>c", "a 12 1a <redirect 1 1 b> <redirect 1 1 c>"},
    {">x", " <redirect 1 1 x>"},
    {"a <<E\nb $c\n'\\$d'\nE\ne", "a <redirect 0 6 \"b \"\"${c}\"\"\n'$d'\n\">; e"},
    {"a <<'E'\nb $c\nE\n", "a <redirect 0 6 \"b $c\n\">"},
    {"a <<-E\n\tb\n\t\tE\nc", "a <redirect 0 6 \"b\n\">; c"},
    {"a <<E && b <<F\n1\nE\n2\nF\n", ""},
    {"a <<E\nno end", ""},
    {"a <<E\nb\\\nE\nE\n", ""},
    {"echo $a$b${c}d$1$10${10}$@$#$?$", "echo ${a}${b}${c}d${1}${1}0${10}${@}${#}${?}$"},
    {"echo ${x:-a b} ${x=} \"${x+'c'}\"",
     "echo ${x op1: <a b>} ${x op2 <''>} \"${x op4 <\"'c'\">}\""},
    {"echo ${x-\"a}\"} \"${x-\"a b\"}\"", "echo ${x op1 <\"a}\">} \"${x op1 <\"a b\">}\""},
    {"echo ${#x} ${#} ${x#a} ${x##*/} ${x%.*} ${x%%\"*\"}",
     "echo ${x op5} ${#} ${x op6 <a>} ${x op7 <*/>} ${x op8 <.*>} ${x op9 <\"*\">}"},
    {"echo ${x:1} ${x: -1:y?2:3} ${x/a/b} ${x//\\//} ${x/a}",
     "echo ${x op10 <\"1\">} ${x op10 <\" -1\"> <\"y?2:3\">} ${x op11 <a> <b>} ${x op12 <\"/\"> "
     "<''>} ${x op11 <a>}"},
    {"echo $(a; b) \"$(c \"d\")\" `e \\`f\\``", "echo $(a; b) \"$(c \"d\")\" $(e $(f))"},
    {"echo $(case x in a) b;; esac)", "echo $(case x |a) b;;)"},
    {"echo $((1+$x*(2+3))) \"$(( a ))\"", "echo $((\"1+\"\"${x}\"\"*(2+3)\")) \"$((\" a \"))\""},
    {"echo if then { } ! esac", "echo if then { } ! esac"},
};

TEST_CASE("shell scripts are parsed") {
  for (const auto& row : cases) {
    const auto& [text, shown] = row;
    CAPTURE(row.text);
    if (shown.empty() && !text.empty() && text.front() != '\n') {
      CHECK_NOTHROW((void)parse_script(text));
    } else {
      CHECK(show(parse_script(text).commands) == shown);
    }
  }
}

TEST_CASE("here-documents keep their order and their text") {
  CHECK(show(parse_script("a <<E && b <<F\n1\nE\n2\nF\n").commands) ==
        "[a <redirect 0 6 \"1\n\"> && b <redirect 0 6 \"2\n\">]");
  CHECK(show(parse_script("a <<E\nno end").commands) == "a <redirect 0 6 \"no end\">");
  CHECK(show(parse_script("a <<E\nb\\\nE\nE\n").commands) == "a <redirect 0 6 \"bE\n\">");
  CHECK(show(parse_script("x=$(a <<E\n1\nE\n)\nb").commands) ==
        "x:=$(a <redirect 0 6 \"1\n\">); b");
}

TEST_CASE("commands know their lines") {
  const auto program = parse_script("\na\nb 'x\n' \\\n c\nif d; then\n e\nfi\nf <<E\n\nE\ng");
  std::vector<std::size_t> lines;
  for (const auto& command : program.commands) lines.push_back(command->line);
  CHECK(lines == std::vector<std::size_t>{2, 3, 6, 9, 12});
  const auto& conditional = std::get<IfCommand>(program.commands[2]->what);
  CHECK(conditional.branches.front().body.front()->line == 7);
}

const std::vector<Case> wrong = {
    {"echo \"a\nb", "line 2: unterminated quoted string"},
    {"echo 'a", "line 1: unterminated quoted string"},
    {"echo `a", "line 1: unterminated backquotes"},
    {"\necho )", "line 2: unexpected \")\""},
    {"if a; then\nfi", "line 2: unexpected \"fi\""},
    {"if a", "line 1: unexpected end of file"},
    {"while a; done", "line 1: unexpected \"done\""},
    {"for 1 in a; do b; done", "line 1: bad for loop variable"},
    {"for i in a do b; done", "line 1: unexpected \"done\""},
    {"case x in a b) c;; esac", "line 1: unexpected \"b\""},
    {"a |", "line 1: unexpected end of file"},
    {"a && ; b", "line 1: unexpected \";\""},
    {"! ! a", "line 1: unexpected \"!\""},
    {"; a", "line 1: unexpected \";\""},
    {"a > ; b", "line 1: unexpected \";\""},
    {"{ a", "line 1: unexpected end of file"},
    {"( )", "line 1: unexpected \")\""},
    {"a ;;", "line 1: unexpected \";;\""},
    {"echo $(a", "line 1: unexpected end of file (expecting \")\")"},
    {"echo ${x^^}", "line 1: bad substitution"},
    {"echo ${}", "line 1: bad substitution"},
    {"echo ${x-a", "line 1: missing '}'"},
    {"echo $((1+2)", "line 1: missing '))'"},
    {"a-b() { c; }", "line 1: bad function name"},
    {"echo `a)`", "line 1: unexpected \")\""},
    {"f() ", "line 1: unexpected end of file"},
    {std::string("a\0b", 3), "line 1: a NUL character in a script"},
};

TEST_CASE("what is no script is refused with its line") {
  for (const auto& row : wrong) {
    const auto& [text, message] = row;
    CAPTURE(row.text);
    try {
      (void)parse_script(text);
      FAIL_CHECK("no error");
    } catch (const Error& error) {
      CHECK(error.message() == message);
      CHECK(error.kind() == ErrorKind::usage);
    }
  }
}

TEST_CASE("nesting is bounded") {
  for (const std::string open : {"(", "{ ", "$(", "\"$(", "${x-", "$((1+$((", "if ", "! { ",
                                 "\"${x-", "f() ", "for i in $("}) {
    CAPTURE(open);
    std::string text;
    for (int i = 0; i < 5000; ++i) text += open;
    CHECK_THROWS_AS((void)parse_script(text), Error);
  }
}

}  // namespace
}  // namespace tarn::builder
