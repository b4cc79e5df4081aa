#include "builder/scripts/commands/awk_run.h"

#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "builder/scripts/commands/text_files.h"

namespace tarn::builder {

namespace {

using Kind = AwkExpression::Kind;

constexpr std::size_t most_fields = 10'000;

bool is_assignment(const std::string& operand) {
  const std::size_t equals = operand.find('=');
  if (equals == 0 || equals == std::string::npos) return false;
  const std::string name = operand.substr(0, equals);
  if (name[0] >= '0' && name[0] <= '9') return false;
  return name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
         std::string::npos;
}

}  // namespace

AwkRun::AwkRun(const Invocation& invocation, const AwkProgram& program)
    : invocation_(invocation), program_(program), open_ranges_(program.size()) {
  variables_["FS"] = AwkValue::of(" ");
  variables_["OFS"] = AwkValue::of(" ");
  variables_["ORS"] = AwkValue::of("\n");
  variables_["SUBSEP"] = AwkValue::of("\034");
  for (const char* name : {"NR", "FNR", "NF"}) variables_[name] = AwkValue::of(0.0);
}

void AwkRun::assign(const std::string& name, const std::string& value) {
  if (value.find('\\') != std::string::npos) throw NotNative("awk: a backslash in an assignment");
  set_variable(name, AwkValue::of_input(value));
}

void AwkRun::set_variable(const std::string& name, AwkValue value) {
  for (const char* special : {"RS", "CONVFMT", "OFMT", "IGNORECASE", "ENVIRON", "ARGV", "ARGC"}) {
    if (name == special) throw NotNative("awk: the variable " + name);
  }
  if (arrays_.contains(name)) throw NotNative("awk: an array as a variable");
  if (name == "NF") {
    set_field_count(field_index(value.to_number()));
    return;
  }
  variables_[name] = std::move(value);
}

AwkValue AwkRun::variable(const std::string& name) {
  for (const char* special : {"RS", "CONVFMT", "OFMT", "IGNORECASE", "ENVIRON", "ARGV", "ARGC"}) {
    if (name == special) throw NotNative("awk: the variable " + name);
  }
  if (arrays_.contains(name)) throw NotNative("awk: an array as a value");
  if (name == "NF") return AwkValue::of_size(fields_.size());
  return variables_[name];
}

std::map<std::string, AwkValue>& AwkRun::array(const std::string& name) {
  if (variables_.contains(name)) throw NotNative("awk: a variable as an array");
  if (name == "ENVIRON" || name == "ARGV") throw NotNative("awk: the variable " + name);
  return arrays_[name];
}

void AwkRun::set_line(std::string line) {
  line_ = std::move(line);
  line_kind_ = AwkValue::Kind::input;
  fields_.clear();
  for (std::string& part :
       AwkSeparator(variables_["FS"].to_text()).split(line_, invocation_.budget)) {
    fields_.push_back(AwkValue::of_input(std::move(part)));
  }
}

std::size_t AwkRun::field_index(double number) const {
  if (!(number >= 0 && number < static_cast<double>(most_fields))) {
    throw NotNative("awk: a field of that number");
  }
  return static_cast<std::size_t>(number);
}

void AwkRun::set_field_count(std::size_t count) {
  fields_.resize(count, AwkValue::of_input(""));
  line_.clear();
  const std::string separator = variables_["OFS"].to_text();
  for (const AwkValue& field : fields_) {
    if (&field != &fields_.front()) line_ += separator;
    line_ += field.to_text();
  }
  line_kind_ = AwkValue::Kind::input;
  invocation_.budget.spend_octets(line_.size());
}

void AwkRun::set_field(std::size_t index, std::string text) {
  if (index == 0) {
    set_line(std::move(text));
    return;
  }
  if (index > fields_.size()) fields_.resize(index, AwkValue::of_input(""));
  fields_[index - 1] = AwkValue::of_input(std::move(text));
  set_field_count(fields_.size());
}

AwkValue AwkRun::field(std::size_t index) {
  if (index == 0) return {line_kind_, 0, line_};
  return index <= fields_.size() ? fields_[index - 1] : AwkValue{};
}

bool AwkRun::needs_input() const {
  for (const AwkRule& rule : program_) {
    if (rule.when != AwkRule::When::begin) return true;
  }
  return false;
}

int AwkRun::run(const std::vector<std::string>& operands) {
  run_rules(AwkRule::When::begin);
  if (!exiting_ && needs_input()) {
    bool any = false;
    for (const std::string& operand : operands) {
      if (exiting_) break;
      if (is_assignment(operand)) {
        const std::size_t equals = operand.find('=');
        assign(operand.substr(0, equals), operand.substr(equals + 1));
      } else {
        any = true;
        read_file(operand);
      }
    }
    if (!any && !exiting_) read_file("-");
  }
  exiting_ = false;
  run_rules(AwkRule::When::end);
  for (const auto& [name, text] : files_) {
    const auto how =
        appended_[name] ? ScriptRootfs::Writing::append : ScriptRootfs::Writing::truncate;
    const int problem =
        invocation_.files.write(path_of(invocation_, name), text, how, 0666U & ~invocation_.umask);
    if (problem != 0) throw NotNative("awk: a file that cannot be written");
  }
  if (!out_.empty() && !invocation_.output.write(out_)) return 1;
  return status_;
}

void AwkRun::read_file(const std::string& name) {
  std::string text;
  const int problem = read_operand(invocation_, name, text);
  if (problem != 0) {
    // The run ends there.
    throw NotNative(fmt::format("awk: {}: {}", name, error_text(problem)));
  }
  if (name != "-" || variables_.contains("FILENAME")) {
    variables_["FILENAME"] = AwkValue::of(name);
  }
  variables_["FNR"] = AwkValue::of(0.0);
  for (const TextLine& line : split_lines(invocation_, text)) {
    for (const char* counter : {"NR", "FNR"}) {
      variables_[counter] = AwkValue::of(variables_[counter].to_number() + 1);
    }
    set_line(std::string(line.text));
    run_rules(AwkRule::When::line);
    if (exiting_) return;
  }
}

bool AwkRun::applies(std::size_t index) {
  const AwkRule& rule = program_[index];
  if (rule.patterns.empty()) return true;
  if (rule.patterns.size() == 1) return value(rule.patterns[0]).is_true();
  if (!open_ranges_[index] && !value(rule.patterns[0]).is_true()) return false;
  open_ranges_[index] = !value(rule.patterns[1]).is_true();
  return true;
}

void AwkRun::run_rules(AwkRule::When when) {
  for (std::size_t i = 0; i < program_.size(); ++i) {
    if (program_[i].when != when) continue;
    invocation_.budget.spend_steps();
    if (!applies(i)) continue;
    if (!program_[i].action) {
      out_ += line_ + variables_["ORS"].to_text();
      invocation_.budget.spend_octets(line_.size() + 1);
      continue;
    }
    const Flow flow = execute(*program_[i].action);
    if (flow == Flow::exit) {
      exiting_ = true;
      return;
    }
    if (flow == Flow::next_line) {
      if (when != AwkRule::When::line) throw NotNative("awk: next where there is no line");
      return;
    }
    if (flow != Flow::onward) throw NotNative("awk: break or continue outside a loop");
  }
}

AwkRun::Flow AwkRun::execute(const AwkStatement& statement) {
  invocation_.budget.spend_steps();
  switch (statement.kind) {
    case AwkStatement::Kind::block:
      for (const AwkStatement& part : statement.statements) {
        const Flow flow = execute(part);
        if (flow != Flow::onward) return flow;
      }
      return Flow::onward;
    case AwkStatement::Kind::expression:
      value(statement.expressions[0]);
      return Flow::onward;
    case AwkStatement::Kind::print:
    case AwkStatement::Kind::formatted_print:
      print(statement);
      return Flow::onward;
    case AwkStatement::Kind::condition:
      if (value(statement.expressions[0]).is_true()) return execute(statement.statements[0]);
      return statement.statements.size() > 1 ? execute(statement.statements[1]) : Flow::onward;
    case AwkStatement::Kind::loop:
    case AwkStatement::Kind::late_loop:
    case AwkStatement::Kind::count_loop:
      return execute_loop(statement);
    case AwkStatement::Kind::next:
      return Flow::next_line;
    case AwkStatement::Kind::exit:
      if (!statement.expressions.empty()) {
        const double wanted = number(statement.expressions[0]);
        if (!(wanted >= 0 && wanted < 256)) throw NotNative("awk: an exit status like that");
        status_ = static_cast<int>(wanted);
      }
      return Flow::exit;
    case AwkStatement::Kind::leave_loop:
      return Flow::leave_loop;
    case AwkStatement::Kind::next_round:
      return Flow::next_round;
    case AwkStatement::Kind::remove:
      remove(statement.expressions[0]);
      return Flow::onward;
  }
  return Flow::onward;
}

AwkRun::Flow AwkRun::execute_loop(const AwkStatement& statement) {
  const bool counts = statement.kind == AwkStatement::Kind::count_loop;
  const bool late = statement.kind == AwkStatement::Kind::late_loop;
  if (counts) execute(statement.statements[0]);
  for (bool first = true;; first = false) {
    invocation_.budget.spend_steps();
    const bool asks = !statement.expressions.empty() && !(late && first);
    if (asks && !value(statement.expressions[0]).is_true()) return Flow::onward;
    const Flow flow = execute(statement.statements[counts ? 2 : 0]);
    if (flow == Flow::leave_loop) return Flow::onward;
    if (flow == Flow::exit || flow == Flow::next_line) return flow;
    if (counts) execute(statement.statements[1]);
  }
}

void AwkRun::remove(const AwkExpression& what) {
  if (what.kind == Kind::variable) {
    array(what.text).clear();
  } else {
    const std::string key = subscript(what.parts);
    array(what.text).erase(key);
  }
}

void AwkRun::print(const AwkStatement& statement) {
  std::string line;
  if (statement.kind == AwkStatement::Kind::formatted_print) {
    line = formatted(statement.expressions);
  } else {
    if (statement.expressions.empty()) line = line_;
    for (const AwkExpression& part : statement.expressions) {
      if (&part != &statement.expressions.front()) line += variables_["OFS"].to_text();
      line += text(part);
    }
    line += variables_["ORS"].to_text();
  }
  invocation_.budget.spend_octets(line.size());
  if (!statement.destination) {
    out_ += line;
    return;
  }
  const std::string name = text(*statement.destination);
  if (name.empty() || name == "-" || name.starts_with("/dev/")) {
    throw NotNative("awk: print to " + name);
  }
  if (!files_.contains(name)) appended_[name] = statement.redirection == ">>";
  files_[name] += line;
}

}  // namespace tarn::builder
