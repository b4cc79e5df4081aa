#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tarn::builder {

struct ShellVariable {
  std::optional<std::string> value;  ///< none: unset, though it may be marked
  bool exported = false;
  bool read_only = false;
};

/// The variables of a shell, with those of its functions that are local.
class ShellVariables {
 public:
  using Map = std::map<std::string, ShellVariable, std::less<>>;

  /// The value; null when it is unset.
  const std::string* value(std::string_view name) const;
  bool is_read_only(std::string_view name) const;
  /// False, and nothing is changed, when it is read-only.
  [[nodiscard]] bool set(std::string_view name, std::string value);
  [[nodiscard]] bool unset(std::string_view name);
  enum class Mark { exported, not_exported, read_only };
  void mark(std::string_view name, Mark mark);

  /// What is made local from now on gets its old state back at the end of the scope.
  void begin_scope() { scopes_.emplace_back(); }
  void end_scope();
  bool in_scope() const { return !scopes_.empty(); }
  /// Makes it local to the innermost scope; `value` as it is stays.
  void keep_for_scope(std::string_view name);

  const Map& all() const { return variables_; }
  /// The names and values of what is exported.
  std::map<std::string, std::string, std::less<>> environment() const;
  /// How many octets it holds.
  std::size_t size() const;

 private:
  using Scope = std::map<std::string, std::optional<ShellVariable>, std::less<>>;
  Map variables_;
  std::vector<Scope> scopes_;
};

}  // namespace tarn::builder
