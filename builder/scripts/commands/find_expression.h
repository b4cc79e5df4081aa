#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/rootfs/rootfs.h"
#include "builder/scripts/command.h"

namespace tarn::builder {

/// A test or action of find, or several joined.
struct FindTerm {
  enum class Kind {
    all_of,
    any_of,
    negation,
    name,
    path,
    type,
    mode_exact,
    mode_all,
    mode_any,
    user,
    group,
    empty,
    size_in_octets,
    print,
    print0,
    prune,
    quit,
    remove,
    execute,
    execute_once,
  };
  Kind kind = Kind::all_of;
  std::vector<FindTerm> terms;                        ///< of all_of, any_of, negation
  std::optional<std::string> text;                    ///< a pattern, a name, a mode, a size
  bool any_case = false;                              ///< of name and path
  std::vector<std::optional<std::string>> arguments;  ///< of execute
};

/// A call of find, parsed. Texts that are not known before the script runs are missing in it.
struct FindCall {
  std::vector<std::string> operands;
  FindTerm expression;
  std::uint32_t least_depth = 0;
  std::uint32_t most_depth = 0xffffffff;
  bool visits_folders_last = false;
};

/// Reads the arguments after the command's name. `fault` gets why the call is not built.
FindCall parse_find(KnownArguments arguments, std::optional<std::string>& fault);

}  // namespace tarn::builder
