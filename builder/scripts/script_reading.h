#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scripts/shell_syntax.h"

namespace tarn::builder {

/// The text a word stands for whatever happens; nothing when that depends on the run.
std::optional<std::string> known_text(const ShellWord& word);

/// What can be told of a script's functions and variables by reading it.
class ScriptFacts {
 public:
  void gather(const ShellProgram& program);
  /// Takes over what another script knows, as far as it does not contradict.
  void add(const ScriptFacts& other);

  bool has_function(std::string_view name) const { return functions_.contains(name); }
  /// The bodies a function of that name may have; none when there is no such function.
  CommandList function(std::string_view name) const;

  /// All that a word which is one variable can come to, each as its fields; nothing when a value
  /// is not evident.
  std::optional<std::vector<std::vector<std::string>>> values_of(const ShellWord& word) const;

 private:
  class Gatherer;
  struct Variable {
    std::vector<std::string> values;
    bool all_known = true;
  };
  std::map<std::string, CommandList, std::less<>> functions_;
  std::map<std::string, Variable, std::less<>> variables_;
};

}  // namespace tarn::builder
