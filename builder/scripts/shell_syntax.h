#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace tarn::builder {

struct ShellProgram;
struct ShellCommand;
struct WordPart;

/// A word as it is written: its parts stand next to each other.
struct ShellWord {
  std::vector<WordPart> parts;
  std::size_t line = 0;  ///< counted from 1
};

/// What stands in ${NAME…} after the name.
enum class ParameterOperator {
  none,
  use_default,            ///< ${x-w}
  assign_default,         ///< ${x=w}
  fail,                   ///< ${x?w}
  use_alternative,        ///< ${x+w}
  length,                 ///< ${#x}
  remove_prefix,          ///< ${x#w}
  remove_longest_prefix,  ///< ${x##w}
  remove_suffix,          ///< ${x%w}
  remove_longest_suffix,  ///< ${x%%w}
  substring,              ///< ${x:offset:length}
  replace_first,          ///< ${x/w/r}
  replace_all,            ///< ${x//w/r}
};

/// A piece of a word.
struct WordPart {
  enum class Kind { text, parameter, command, arithmetic };
  Kind kind = Kind::text;
  /// In quotes or after a backslash: its text is literal in patterns, its value is not split.
  bool quoted = false;
  std::string text;  ///< the text without its quotes; a parameter's name
  ParameterOperator operation = ParameterOperator::none;
  bool empty_counts_as_unset = false;  ///< the ':' of ${x:-w}
  /// Of a parameter: the word; or pattern and replacement; or offset and length. Of arithmetic: the
  /// expression.
  std::vector<ShellWord> operands;
  std::shared_ptr<const ShellProgram> program;  ///< of a command substitution
};

struct Redirection {
  enum class Kind {
    input,       ///< <
    output,      ///< >
    clobber,     ///< >|
    append,      ///< >>
    read_write,  ///< <>
    duplicate,   ///< <& and >&; the target is a descriptor or "-"
    document,    ///< <<
  };
  Kind kind = Kind::input;
  int descriptor = 0;
  ShellWord target;
  std::shared_ptr<ShellWord> document;  ///< the text of a here-document
};

struct Assignment {
  std::string name;
  ShellWord value;
};

using CommandPointer = std::shared_ptr<const ShellCommand>;
using CommandList = std::vector<CommandPointer>;

struct SimpleCommand {
  std::vector<Assignment> assignments;
  std::vector<ShellWord> words;
};

struct Pipeline {
  bool negated = false;
  CommandList stages;
};

/// a && b || c: each is run or not by the status of what ran before it.
struct AndOrList {
  enum class Condition { always, success, failure };
  struct Member {
    Condition condition = Condition::always;
    CommandPointer command;
  };
  std::vector<Member> members;
};

struct BackgroundCommand {
  CommandPointer command;
};

struct GroupCommand {
  CommandList body;
};

struct SubshellCommand {
  CommandList body;
};

struct IfCommand {
  struct Branch {
    CommandList condition;
    CommandList body;
  };
  std::vector<Branch> branches;
  CommandList otherwise;
};

struct ForCommand {
  std::string name;
  bool over_arguments = false;  ///< without "in": the positional parameters
  std::vector<ShellWord> words;
  CommandList body;
};

struct LoopCommand {
  bool until = false;
  CommandList condition;
  CommandList body;
};

struct CaseCommand {
  struct Item {
    std::vector<ShellWord> patterns;
    CommandList body;
  };
  ShellWord word;
  std::vector<Item> items;
};

struct FunctionDefinition {
  std::string name;
  CommandPointer body;
};

struct ShellCommand {
  std::size_t line = 0;  ///< where it begins, counted from 1
  std::variant<SimpleCommand, Pipeline, AndOrList, BackgroundCommand, GroupCommand, SubshellCommand,
               IfCommand, ForCommand, LoopCommand, CaseCommand, FunctionDefinition>
      what;
  std::vector<Redirection> redirections;
};

/// A parsed script. Its parts are never changed and may be held on to.
struct ShellProgram {
  CommandList commands;
};

}  // namespace tarn::builder
