#include "builder/scripts/commands/regular_expression.h"

#include <algorithm>
#include <utility>

#include "builder/scripts/command.h"
#include "builder/scripts/commands/code_points.h"
#include "builder/scripts/commands/regular_program.h"

namespace tarn::builder {

namespace {

using Code = RegularInstruction::Code;
using Range = RegularExpression::Range;

constexpr std::uint64_t visits_a_step = 256;
constexpr std::size_t most_remembered = std::size_t{64} << 20U;  // pairs of instruction, position
constexpr std::size_t none = static_cast<std::size_t>(-1);

bool is_word(char32_t c) {
  if (c >= 128) throw NotNative("a regular expression that asks where words end beyond ASCII");
  return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20U) >= 'a' && (c | 0x20U) <= 'z');
}

/// What is around a position. As the C library has it, the text begins after a newline and ends
/// with a NUL.
struct Place {
  char32_t before = '\n';
  char32_t after = 0;
  bool at_begin = false;
  bool at_end = false;
};

}  // namespace

/// One search in a text.
class RegularSearch {
 public:
  RegularSearch(const RegularProgram& program, std::string_view text, std::size_t from,
                bool begins_line, ScriptBudget& budget)
      : program_(program), text_(text), from_(from), begins_line_(begins_line), budget_(budget) {}
  ~RegularSearch() = default;
  RegularSearch(const RegularSearch&) = delete;
  RegularSearch& operator=(const RegularSearch&) = delete;

  /// Whether there is any match.
  bool any() { return search(Wanted::any).has_value(); }
  /// The leftmost, longest.
  std::optional<Range> longest() { return search(Wanted::longest); }
  /// Where the groups lie in this match.
  RegularExpression::Match groups(Range whole);

 private:
  enum class Wanted { any, longest };
  /// Which way is tried first where the match could go on in two.
  enum class Order { preferred, reversed };
  RegularExpression::Match groups(Range whole, Order order);
  RegularExpression::Match match_of(Range whole, const std::vector<std::size_t>& slots) const;
  struct Thread {
    std::uint32_t instruction = 0;
    std::size_t start = 0;
  };
  std::optional<Range> search(Wanted wanted);
  void add(std::vector<Thread>& threads, Thread thread, const Place& place);
  bool holds(Code code, const Place& place) const;
  Place place_at(std::size_t position, char32_t before) const {
    Place place{before, 0, position == from_, position == text_.size()};
    if (!place.at_end) place.after = read_code_point(text_, position, "a regular expression");
    return place;
  }
  void visit() {
    if (++visits_ % visits_a_step == 0) budget_.spend_steps();
  }
  char32_t before(std::size_t position) const;

  const RegularProgram& program_;
  std::string_view text_;
  std::size_t from_;
  bool begins_line_;
  ScriptBudget& budget_;
  std::uint64_t visits_ = 0;
  std::vector<std::size_t> added_;  ///< by instruction: the round it was last added in
  std::size_t round_ = 0;
  std::vector<std::uint32_t> pending_;
};

bool RegularSearch::holds(Code code, const Place& place) const {
  const bool newlines = program_.newlines_end_lines;
  switch (code) {
    case Code::line_begin:
      return (place.at_begin && begins_line_) || (newlines && place.before == '\n');
    case Code::line_end:
      return place.at_end || (newlines && place.after == '\n');
    case Code::word_begin:
      return !is_word(place.before) && is_word(place.after);
    case Code::word_end:
      return is_word(place.before) && !is_word(place.after);
    case Code::word_edge:
      return place.at_begin || place.at_end || is_word(place.before) != is_word(place.after);
    case Code::no_word_edge:
      return !place.at_begin && !place.at_end && is_word(place.before) == is_word(place.after);
    default:
      return true;
  }
}

/// Adds the thread and all it leads to without reading a character; those added first count.
void RegularSearch::add(std::vector<Thread>& threads, Thread thread, const Place& place) {
  pending_.assign(1, thread.instruction);
  while (!pending_.empty()) {
    const std::uint32_t index = pending_.back();
    pending_.pop_back();
    if (added_[index] == round_) continue;
    added_[index] = round_;
    visit();
    const RegularInstruction& instruction = program_.instructions[index];
    switch (instruction.code) {
      case Code::character:
      case Code::accept:
        threads.push_back({index, thread.start});
        break;
      case Code::split:
        pending_.push_back(instruction.other);
        pending_.push_back(instruction.next);
        break;
      case Code::jump:
        pending_.push_back(instruction.next);
        break;
      case Code::save:
        pending_.push_back(index + 1);
        break;
      default:
        if (holds(instruction.code, place)) pending_.push_back(index + 1);
    }
  }
}

std::optional<Range> RegularSearch::search(Wanted wanted) {
  added_.assign(program_.instructions.size(), none);
  std::vector<Thread> now;
  std::vector<Thread> next;
  std::optional<Range> found;
  char32_t previous = '\n';
  std::size_t position = from_;
  Place place = place_at(position, previous);
  while (true) {
    // Threads are in order of their start, so the newest comes last.
    round_ = position;
    next.clear();
    std::swap(now, next);
    for (const Thread& thread : next) add(now, thread, place);
    if (!found) add(now, {0, position}, place);
    for (const Thread& thread : now) {
      if (program_.instructions[thread.instruction].code != Code::accept) continue;
      if (found && thread.start > found->begin) continue;
      found = Range{thread.start, position};
      if (wanted == Wanted::any) return found;
    }
    if (place.at_end || (found && now.empty())) return found;
    next.clear();
    for (const Thread& thread : now) {
      const RegularInstruction& instruction = program_.instructions[thread.instruction];
      if (instruction.code != Code::character) continue;
      if (found && thread.start > found->begin) continue;
      if (program_.sets[instruction.argument].contains(place.after)) {
        next.push_back({thread.instruction + 1, thread.start});
      }
    }
    std::swap(now, next);
    previous = place.after;
    read_code_point(text_, position, "a regular expression");
    place = place_at(position, previous);
    visit();
  }
}

char32_t RegularSearch::before(std::size_t position) const {
  if (position == from_) return '\n';
  std::size_t start = position - 1;
  while (start > from_ && (static_cast<unsigned char>(text_[start]) & 0xc0U) == 0x80) --start;
  return read_code_point(text_, start, "a regular expression");
}

RegularExpression::Match RegularSearch::groups(Range whole) {
  RegularExpression::Match match = groups(whole, Order::preferred);
  if (program_.has_choices && groups(whole, Order::reversed) != match) {
    throw NotNative("a regular expression whose groups could lie in several ways");
  }
  return match;
}

/// What the slots say at the end of a match.
RegularExpression::Match RegularSearch::match_of(Range whole,
                                                 const std::vector<std::size_t>& slots) const {
  RegularExpression::Match match{whole};
  for (std::size_t group = 1; group <= program_.groups; ++group) {
    const std::size_t begin = slots[2 * group];
    const std::size_t end = slots[2 * group + 1];
    const bool took_part = begin != none && end != none && begin <= end;
    match.push_back(took_part ? std::optional(Range{begin, end}) : std::nullopt);
  }
  return match;
}

RegularExpression::Match RegularSearch::groups(Range whole, Order order) {
  const std::size_t positions = whole.end - whole.begin + 1;
  if (positions > most_remembered / program_.instructions.size()) {
    throw NotNative("a regular expression with groups over a long text");
  }
  // Depth first, what is preferred first, until the end of the match is reached. A pair of
  // instruction and position that led nowhere is not tried again.
  struct Try {
    std::uint32_t instruction = 0;
    std::size_t position = 0;
    std::size_t restore = none;  ///< a slot to set to `position` instead
  };
  std::vector<bool> tried(program_.instructions.size() * positions);
  std::vector<std::size_t> slots(2 * (program_.groups + 1), none);
  std::vector<Try> stack{{0, whole.begin, none}};
  while (!stack.empty()) {
    const Try current = stack.back();
    stack.pop_back();
    if (current.restore != none) {
      slots[current.restore] = current.position;
      continue;
    }
    const std::size_t mark = current.instruction * positions + (current.position - whole.begin);
    if (tried[mark]) continue;
    tried[mark] = true;
    visit();
    const RegularInstruction& instruction = program_.instructions[current.instruction];
    const std::uint32_t following = current.instruction + 1;
    switch (instruction.code) {
      case Code::accept:
        if (current.position == whole.end) stack.clear();
        break;
      case Code::split:
        stack.push_back({instruction.other, current.position, none});
        stack.push_back({instruction.next, current.position, none});
        if (order == Order::reversed) std::swap(stack.back(), stack[stack.size() - 2]);
        break;
      case Code::jump:
        stack.push_back({instruction.next, current.position, none});
        break;
      case Code::save:
        stack.push_back({0, slots[instruction.argument], instruction.argument});
        slots[instruction.argument] = current.position;
        stack.push_back({following, current.position, none});
        break;
      case Code::character: {
        std::size_t position = current.position;
        if (position >= whole.end) break;
        const char32_t c = read_code_point(text_, position, "a regular expression");
        if (program_.sets[instruction.argument].contains(c)) {
          stack.push_back({following, position, none});
        }
        break;
      }
      default:
        if (holds(instruction.code, place_at(current.position, before(current.position)))) {
          stack.push_back({following, current.position, none});
        }
    }
  }
  return match_of(whole, slots);
}

RegularExpression::RegularExpression(std::string_view pattern, Syntax syntax, Letters letters,
                                     Newlines newlines)
    : program_(std::make_shared<const RegularProgram>(
          compile_regular_expression(pattern, syntax, letters, newlines))) {}

std::optional<RegularExpression::Match> RegularExpression::find(std::string_view text,
                                                                std::size_t from,
                                                                Beginning beginning,
                                                                ScriptBudget& budget) const {
  RegularSearch search(*program_, text, from, beginning == Beginning::of_line, budget);
  const auto whole = search.longest();
  if (!whole) return std::nullopt;
  if (program_->groups == 0) return Match{*whole};
  return search.groups(*whole);
}

std::optional<Range> RegularExpression::find_whole(std::string_view text, std::size_t from,
                                                   Beginning beginning,
                                                   ScriptBudget& budget) const {
  return RegularSearch(*program_, text, from, beginning == Beginning::of_line, budget).longest();
}

bool RegularExpression::matches(std::string_view text, ScriptBudget& budget) const {
  return RegularSearch(*program_, text, 0, true, budget).any();
}

std::size_t RegularExpression::group_count() const {
  return program_->groups;
}

}  // namespace tarn::builder
