#include "builder/scripts/commands/sed_run.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

namespace tarn::builder {

namespace {

using Kind = SedAddress::Kind;
using Beginning = RegularExpression::Beginning;

constexpr std::size_t longest_space = std::size_t{16} << 20U;  // of the pattern or hold space

/// Whether a replacement names a group.
bool uses_groups(std::string_view replacement) {
  for (std::size_t i = 0; i + 1 < replacement.size(); ++i) {
    if (replacement[i] != '\\') continue;
    const char next = replacement[++i];
    if (next >= '1' && next <= '9') return true;
  }
  return false;
}

}  // namespace

SedRun::SedRun(const Invocation& invocation, const SedProgram& program, bool quiet)
    : invocation_(invocation),
      program_(program),
      quiet_(quiet || program.quiet),
      ranges_(program.commands.size()) {
  for (const SedCommand& command : program.commands) {
    if (command.name == 'w') files_[command.text];
    if (!command.file.empty()) files_[command.file];
  }
  // They are emptied before anything is read.
  write_files();
}

void SedRun::write_files() {
  for (auto& [name, text] : files_) {
    const auto how = files_last_.contains(name) ? ScriptRootfs::Writing::append
                                                : ScriptRootfs::Writing::truncate;
    const std::uint32_t mode = 0666U & ~invocation_.umask;
    const int problem = invocation_.files.write(invocation_.absolute(name), text, how, mode);
    if (problem != 0) throw NotNative(fmt::format("sed: a file of w: {}", error_text(problem)));
    text.clear();
    files_last_.try_emplace(name, '\0');
  }
}

/// Spends for what was added to a space or copied, and holds the space to its bound.
void SedRun::grow(std::size_t size, std::size_t added) {
  if (size > longest_space) throw NotNative("sed: a pattern space over 16 MiB");
  invocation_.budget.spend_octets(added);
}

/// A newline is put in first where a text without one was printed before.
void SedRun::put(Output& output, std::string_view text, bool newline) {
  if (output.last == 'x') {
    *output.text += '\n';
    output.last = '\n';
  }
  *output.text += text;
  if (!text.empty()) output.last = 'x';
  if (newline) {
    *output.text += '\n';
    output.last = '\n';
  }
  invocation_.budget.spend_octets(text.size() + 1);
}

void SedRun::flush_appended() {
  for (const std::string& text : std::exchange(appended_, {})) put_line(text, true);
}

bool SedRun::read_next_line() {
  flush_appended();
  if (is_last()) return false;
  ended_ = lines_[next_].ended;
  ++next_;
  ++number_;
  complain_of_files();
  return true;
}

/// The line behind the current one is looked for already, to know whether this is the last.
void SedRun::complain_of_files() {
  for (; complained_ < complaints_.size() && complaints_[complained_].first <= next_;
       ++complained_) {
    flush(invocation_, *output_.text);
    invocation_.complain(complaints_[complained_].second);
  }
}

bool SedRun::process(const std::vector<Source>& sources, std::string& out) {
  lines_.clear();
  complaints_.clear();
  complained_ = 0;
  for (const Source& source : sources) {
    if (!source.complaint.empty()) complaints_.emplace_back(lines_.size(), source.complaint);
    for (const TextLine& line : split_lines(invocation_, source.text)) lines_.push_back(line);
  }
  next_ = 0;
  number_ = 0;
  quit_ = false;
  output_ = {&out, 0};
  complain_of_files();
  while (!quit_ && read_next_line()) {
    pattern_ = lines_[next_ - 1].text;
    substituted_ = false;
    Next next = Next::command;
    for (std::size_t i = 0; i < program_.commands.size() && next == Next::command;) {
      invocation_.budget.spend_steps();
      next = selects(i) ? execute(i) : next;
      if (next == Next::restart) {
        i = 0;
        next = Next::command;
      } else {
        ++i;
      }
    }
    if (!quiet_ && next != Next::delete_line) put_line(pattern_, ended_);
    flush_appended();
  }
  flush_appended();
  // A numeric beginning or end counts anew in the next file.
  for (Range& range : ranges_) {
    range.begin_is_dead = false;
    range.has_end = false;
  }
  return complained_ == 0;
}

bool SedRun::begins(const SedCommand& command, const Range& range) {
  switch (command.begin.kind) {
    case Kind::none:
      return true;
    case Kind::line:
      if (range.begin_is_dead) return false;
      return command.end.kind == Kind::none ? command.begin.number == number_
                                            : command.begin.number <= number_;
    case Kind::last:
      return is_last();
    default:
      return command.begin.expression->matches(pattern_, invocation_.budget);
  }
}

/// Whether this line is the last of the range it is in.
bool SedRun::ends(const SedCommand& command, Range& range, bool was_open) {
  switch (command.end.kind) {
    case Kind::none:
      return true;
    case Kind::last:
      return is_last();
    case Kind::line:
      return command.end.number <= number_;
    case Kind::following:
      if (!range.has_end) {
        range.has_end = true;
        range.end = number_ + command.end.number;
      }
      return range.end <= number_;
    default:
      return was_open && command.end.expression->matches(pattern_, invocation_.budget);
  }
}

bool SedRun::selects(std::size_t index) {
  const SedCommand& command = program_.commands[index];
  Range& range = ranges_[index];
  const bool was_open = range.open;
  if (!was_open) range.has_end = false;
  bool matched = was_open || begins(command, range);
  range.open = matched;
  if (matched) {
    if (command.begin.kind == Kind::line) range.begin_is_dead = true;
    range.open = !ends(command, range, was_open);
  }
  matched = matched != command.inverted;
  // A block that is not entered is passed over.
  if (command.name == '{') return !matched;
  if (matched && command.begin.expression) last_expression_ = &*command.begin.expression;
  return matched;
}

SedRun::Next SedRun::execute(std::size_t& index) {
  const SedCommand& command = program_.commands[index];
  switch (command.name) {
    case '{':
      index = command.target;
      return Next::command;
    case '=':
      *output_.text += std::to_string(number_) + "\n";
      return Next::command;
    case 'P':
      put_line(std::string_view(pattern_).substr(0, pattern_.find('\n')), true);
      return Next::command;
    case 'p':
      put_line(pattern_, true);
      return Next::command;
    case 'D':
      if (const std::size_t end = pattern_.find('\n'); end != std::string::npos) {
        pattern_.erase(0, end + 1);
        return Next::restart;
      }
      return Next::delete_line;
    case 'd':
      return Next::delete_line;
    case 's':
      if (substitute(command)) report_substitution(command);
      return Next::command;
    case 'a':
      appended_.push_back(command.text);
      return Next::command;
    case 'i':
      put_line(command.text, true);
      return Next::command;
    case 'c':
      if (!ranges_[index].open) put_line(command.text, true);
      return Next::delete_line;
    case 'r':
      append_file(command.text);
      return Next::command;
    case 'w':
      put_to_file(command.text);
      return Next::command;
    case 'n':
      return print_and_read_next();
    case 'N':
      return append_next();
    case 'q':
      quit_ = true;
      return Next::end_of_script;
    case 't':
      if (!std::exchange(substituted_, false)) return Next::command;
      index = command.target;
      return Next::command;
    case 'T':
      if (!std::exchange(substituted_, false)) index = command.target;
      return Next::command;
    case 'b':
      index = command.target;
      return Next::command;
    case 'y':
      replace_characters(command.text);
      return Next::command;
    default:
      return execute_hold(command);
  }
}

void SedRun::put_to_file(const std::string& name) {
  Output file{&files_[name], files_last_[name]};
  put(file, pattern_, ended_);
  files_last_[name] = file.last;
}

void SedRun::report_substitution(const SedCommand& command) {
  substituted_ = true;
  if (command.prints) put_line(pattern_, ended_);
  if (!command.file.empty()) put_to_file(command.file);
}

void SedRun::replace_characters(const std::string& pairs) {
  std::array<char, 256> map{};
  for (std::size_t c = 0; c < map.size(); ++c) map[c] = static_cast<char>(c);
  // Of an octet that is given twice the first counts.
  for (std::size_t i = pairs.size(); i >= 2; i -= 2) {
    map[static_cast<unsigned char>(pairs[i - 2])] = pairs[i - 1];
  }
  for (char& c : pattern_) c = map[static_cast<unsigned char>(c)];
}

SedRun::Next SedRun::execute_hold(const SedCommand& command) {
  switch (command.name) {
    case 'g':
      pattern_ = hold_;
      break;
    case 'G':
      pattern_ += '\n' + hold_;
      ended_ = true;
      break;
    case 'h':
      hold_ = pattern_;
      break;
    case 'H':
      hold_ += '\n' + pattern_;
      break;
    case 'x':
      std::swap(pattern_, hold_);
      ended_ = true;
      break;
    default:
      return Next::command;  // ':' and '}'
  }
  grow(std::max(pattern_.size(), hold_.size()), pattern_.size() + hold_.size());
  return Next::command;
}

void SedRun::append_file(const std::string& name) {
  std::string text;
  if (read_operand(invocation_, name, text) != 0) return;
  if (name == "-" || files_.contains(name)) throw NotNative("sed: r of a file that is written to");
  for (const TextLine& line : split_lines(invocation_, text)) appended_.emplace_back(line.text);
}

SedRun::Next SedRun::print_and_read_next() {
  if (!quiet_) put_line(pattern_, ended_);
  if (!read_next_line()) {
    quit_ = true;
    return Next::delete_line;
  }
  pattern_ = lines_[next_ - 1].text;
  substituted_ = false;
  return Next::command;
}

SedRun::Next SedRun::append_next() {
  if (is_last()) {
    quit_ = true;
    return Next::end_of_script;
  }
  read_next_line();
  pattern_ += '\n';
  pattern_ += lines_[next_ - 1].text;
  grow(pattern_.size(), lines_[next_ - 1].text.size() + 1);
  return Next::command;
}

void SedRun::expand(std::string& out, const std::string& replacement, std::string_view line,
                    const RegularExpression::Match& match) {
  const auto add_group = [&](std::size_t group) {
    if (group >= match.size() || !match[group]) return;
    out += line.substr(match[group]->begin, match[group]->end - match[group]->begin);
  };
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    if (c == '&') {
      add_group(0);
    } else if (c == '\\' && i + 1 < replacement.size()) {
      const char next = replacement[++i];
      if (next >= '0' && next <= '9') {
        add_group(static_cast<std::size_t>(next - '0'));
      } else {
        out += next;
      }
    } else {
      out += c;
    }
  }
}

bool SedRun::substitute(const SedCommand& command) {
  const RegularExpression* expression =
      command.expression ? &*command.expression : last_expression_;
  if (expression == nullptr) throw NotNative("sed: no previous regexp");
  last_expression_ = expression;
  const std::string_view line = pattern_;
  const auto find = [&](std::size_t from, Beginning beginning) {
    if (uses_groups(command.text)) {
      return expression->find(line, from, beginning, invocation_.budget);
    }
    const auto whole = expression->find_whole(line, from, beginning, invocation_.budget);
    return whole ? std::optional(RegularExpression::Match{whole}) : std::nullopt;
  };
  auto match = find(0, Beginning::of_line);
  if (!match) return false;
  std::string out;
  std::size_t from = 0;
  std::size_t count = 0;
  bool altered = false;
  bool previous_empty = true;
  bool tried_at_end = false;
  while (match) {
    const RegularExpression::Range range = *match->front();
    const bool empty = range.begin == range.end;
    const std::size_t before = out.size();
    ++count;
    if (command.occurrence != 0 && command.occurrence != count) {
      const std::size_t end = range.end + (empty && range.end < line.size() ? 1 : 0);
      out += line.substr(from, end - from);
      from = end;
    } else {
      out += line.substr(from, range.begin - from);
      // An empty match right behind one that was not is no match.
      if (previous_empty || range.begin != from || !empty) {
        expand(out, command.text, line, *match);
        altered = true;
      }
      from = range.end;
      previous_empty = empty;
      if (empty && from >= line.size()) tried_at_end = true;
      if (empty && from < line.size()) out += line[from++];
      grow(out.size(), out.size() - before);
      if (command.occurrence != 0) break;
    }
    if (from >= line.size() && std::exchange(tried_at_end, true)) break;
    match = find(from, Beginning::not_of_line);
  }
  out += line.substr(from);
  pattern_ = std::move(out);
  return altered;
}

}  // namespace tarn::builder
