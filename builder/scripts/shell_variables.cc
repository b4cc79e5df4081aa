#include "builder/scripts/shell_variables.h"

#include <utility>

namespace tarn::builder {

const std::string* ShellVariables::value(std::string_view name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() || !found->second.value ? nullptr : &*found->second.value;
}

bool ShellVariables::is_read_only(std::string_view name) const {
  const auto found = variables_.find(name);
  return found != variables_.end() && found->second.read_only;
}

bool ShellVariables::set(std::string_view name, std::string value) {
  if (is_read_only(name)) return false;
  variables_[std::string(name)].value = std::move(value);
  return true;
}

bool ShellVariables::unset(std::string_view name) {
  if (is_read_only(name)) return false;
  if (const auto found = variables_.find(name); found != variables_.end()) variables_.erase(found);
  return true;
}

void ShellVariables::mark(std::string_view name, Mark mark) {
  auto& variable = variables_[std::string(name)];
  if (mark == Mark::read_only) {
    variable.read_only = true;
  } else {
    variable.exported = mark == Mark::exported;
  }
}

void ShellVariables::keep_for_scope(std::string_view name) {
  auto& scope = scopes_.back();
  if (scope.contains(name)) return;
  const auto found = variables_.find(name);
  scope.emplace(name, found == variables_.end() ? std::nullopt : std::optional(found->second));
}

void ShellVariables::end_scope() {
  for (auto& [name, before] : scopes_.back()) {
    if (before) {
      variables_[name] = std::move(*before);
    } else {
      variables_.erase(name);
    }
  }
  scopes_.pop_back();
}

std::map<std::string, std::string, std::less<>> ShellVariables::environment() const {
  std::map<std::string, std::string, std::less<>> environment;
  for (const auto& [name, variable] : variables_)
    if (variable.exported && variable.value) environment.emplace(name, *variable.value);
  return environment;
}

std::size_t ShellVariables::size() const {
  std::size_t size = 0;
  const auto add = [&size](const std::string& name, const ShellVariable& variable) {
    size += name.size() + (variable.value ? variable.value->size() : 0);
  };
  for (const auto& [name, variable] : variables_) add(name, variable);
  for (const auto& scope : scopes_)
    for (const auto& [name, before] : scope)
      if (before) add(name, *before);
  return size;
}

}  // namespace tarn::builder
