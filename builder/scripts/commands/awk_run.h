#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scripts/command.h"
#include "builder/scripts/commands/awk_program.h"
#include "builder/scripts/commands/awk_values.h"

namespace tarn::builder {

/// A run of an awk program.
class AwkRun {
 public:
  AwkRun(const Invocation& invocation, const AwkProgram& program);

  /// Sets a variable as -v or an operand "name=value" does.
  void assign(const std::string& name, const std::string& value);
  /// Works on the operands (files and assignments; the input if there are no files) and gives the
  /// exit status.
  int run(const std::vector<std::string>& operands);

 private:
  enum class Flow { onward, leave_loop, next_round, next_line, exit };

  bool needs_input() const;
  void run_rules(AwkRule::When when);
  bool applies(std::size_t index);
  void read_file(const std::string& name);
  Flow execute(const AwkStatement& statement);
  Flow execute_loop(const AwkStatement& statement);
  void print(const AwkStatement& statement);
  void remove(const AwkExpression& what);

  AwkValue value(const AwkExpression& expression);
  AwkValue assignment(const AwkExpression& expression);
  AwkValue change(const AwkExpression& expression);
  AwkValue arithmetic(const AwkExpression& expression);
  AwkValue comparison(const AwkExpression& expression);
  AwkValue match(const AwkExpression& expression);
  AwkValue concatenation(const AwkExpression& expression);
  AwkValue variable(const std::string& name);
  void set(const AwkExpression& target, AwkValue value);
  void set_variable(const std::string& name, AwkValue value);
  std::string subscript(const std::vector<AwkExpression>& parts);
  std::map<std::string, AwkValue>& array(const std::string& name);

  AwkValue call(const AwkExpression& expression);
  AwkValue substr(const AwkExpression& expression);
  AwkValue split(const AwkExpression& expression);
  AwkValue substitute(const AwkExpression& expression);
  AwkValue find_match(const AwkExpression& expression);
  std::string formatted(const std::vector<AwkExpression>& parts);
  std::string format_one(const std::string& directive, char conversion, const AwkValue& argument);
  RegularExpression expression_of(const AwkExpression& expression);
  std::string text(const AwkExpression& expression) { return value(expression).to_text(); }
  double number(const AwkExpression& expression) { return value(expression).to_number(); }

  // The line and its fields.
  void set_line(std::string line);
  void set_field(std::size_t index, std::string text);
  void set_field_count(std::size_t count);
  std::size_t field_index(double number) const;
  AwkValue field(std::size_t index);

  const Invocation& invocation_;
  const AwkProgram& program_;
  std::map<std::string, AwkValue> variables_;
  std::map<std::string, std::map<std::string, AwkValue>> arrays_;
  std::vector<bool> open_ranges_;
  std::string line_;
  AwkValue::Kind line_kind_ = AwkValue::Kind::unset;
  std::vector<AwkValue> fields_;
  std::map<std::string, RegularExpression> expressions_;  ///< of texts
  std::map<std::string, std::string> files_;              ///< what was printed to them
  std::map<std::string, bool> appended_;
  std::string out_;
  int status_ = 0;
  bool exiting_ = false;
};

}  // namespace tarn::builder
