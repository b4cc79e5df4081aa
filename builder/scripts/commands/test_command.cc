#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>

#include "builder/scripts/commands/print_commands.h"

namespace tarn::builder {

namespace {

enum class Kind { operand, file, text, terminal, binary, negation, conjunction, bracket, nothing };

struct Operator {
  std::string_view name;
  Kind kind;
};

constexpr std::array operators{
    Operator{"-r", Kind::file},        Operator{"-w", Kind::file},
    Operator{"-x", Kind::file},        Operator{"-e", Kind::file},
    Operator{"-f", Kind::file},        Operator{"-d", Kind::file},
    Operator{"-c", Kind::file},        Operator{"-b", Kind::file},
    Operator{"-p", Kind::file},        Operator{"-u", Kind::file},
    Operator{"-g", Kind::file},        Operator{"-k", Kind::file},
    Operator{"-s", Kind::file},        Operator{"-t", Kind::terminal},
    Operator{"-z", Kind::text},        Operator{"-n", Kind::text},
    Operator{"-h", Kind::file},        Operator{"-O", Kind::file},
    Operator{"-G", Kind::file},        Operator{"-L", Kind::file},
    Operator{"-S", Kind::file},        Operator{"=", Kind::binary},
    Operator{"==", Kind::binary},      Operator{"!=", Kind::binary},
    Operator{"<", Kind::binary},       Operator{">", Kind::binary},
    Operator{"-eq", Kind::binary},     Operator{"-ne", Kind::binary},
    Operator{"-ge", Kind::binary},     Operator{"-gt", Kind::binary},
    Operator{"-le", Kind::binary},     Operator{"-lt", Kind::binary},
    Operator{"-nt", Kind::binary},     Operator{"-ot", Kind::binary},
    Operator{"-ef", Kind::binary},     Operator{"!", Kind::negation},
    Operator{"-a", Kind::conjunction}, Operator{"-o", Kind::conjunction},
    Operator{"(", Kind::bracket},      Operator{")", Kind::bracket},
};

/// An expression that is none; the complaint is its text.
struct BadExpression {
  std::string complaint;
};

/// "TEXT: what"; an empty text is left out.
std::string about(const std::string& text, const char* what) {
  return text.empty() ? what : text + ": " + what;
}

/// Reads and decides an expression from left to right, as busybox' test does: every part is
/// evaluated, also behind a false -a.
class Expression {
 public:
  Expression(const Invocation& invocation, std::span<const std::string> arguments)
      : invocation_(invocation), arguments_(arguments) {}

  /// The exit status.
  int decide();

 private:
  Kind kind(std::size_t index) const {
    if (index >= arguments_.size()) return Kind::nothing;
    for (const Operator& known : operators) {
      if (known.name == arguments_[index]) return known.kind;
    }
    return Kind::operand;
  }
  bool is(std::size_t index, std::string_view text) const {
    return index < arguments_.size() && arguments_[index] == text;
  }

  // Each begins at at_ and leaves it at the last argument it used.
  bool either();
  bool both();
  bool negated();
  bool primary();
  bool binary();
  bool unary();

  bool file_is(char letter, const std::string& path) const;
  bool compare_files(std::string_view name, const std::string& a, const std::string& b) const;
  static long long number(const std::string& text);

  const Invocation& invocation_;
  std::span<const std::string> arguments_;
  std::size_t at_ = 0;
};

int Expression::decide() {
  const std::size_t count = arguments_.size();
  if (count == 0) return 1;
  if (count == 1) return arguments_[0].empty() ? 1 : 0;
  if (count == 3 && kind(1) == Kind::binary) return binary() ? 0 : 1;
  const bool holds = either();
  if (at_ + 1 < count) throw BadExpression{arguments_[at_ + 1] + ": unknown operand"};
  return holds ? 0 : 1;
}

bool Expression::either() {
  bool holds = false;
  while (true) {
    if (both()) holds = true;
    if (!is(at_ + 1, "-o")) return holds;
    at_ += 2;
  }
}

bool Expression::both() {
  bool holds = true;
  while (true) {
    if (!negated()) holds = false;
    if (!is(at_ + 1, "-a")) return holds;
    at_ += 2;
  }
}

bool Expression::negated() {
  bool negative = false;
  while (kind(at_) == Kind::negation) {
    // "!" alone is a text that is not empty.
    if (at_ + 1 >= arguments_.size()) return !negative;
    ++at_;
    negative = !negative;
  }
  return primary() != negative;
}

bool Expression::primary() {
  if (at_ >= arguments_.size()) throw BadExpression{"argument expected"};
  if (is(at_, "(")) {
    const ScriptBudget::Level level(invocation_.budget);
    ++at_;
    const bool holds = either();
    ++at_;
    if (!is(at_, ")")) throw BadExpression{"closing paren expected"};
    return holds;
  }
  const Kind following = kind(at_ + 1);
  if (following == Kind::binary && at_ + 2 < arguments_.size()) return binary();
  const Kind own = kind(at_);
  // An operator with nothing behind it is a text that is not empty.
  if (following != Kind::nothing &&
      (own == Kind::file || own == Kind::text || own == Kind::terminal)) {
    return unary();
  }
  if (following == Kind::binary) return binary();
  return !arguments_[at_].empty();
}

bool Expression::unary() {
  const std::string& name = arguments_[at_];
  const Kind own = kind(at_);
  const std::string& operand = arguments_[++at_];
  if (name == "-z") return operand.empty();
  if (name == "-n") return !operand.empty();
  if (own == Kind::terminal) {
    number(operand);  // complains of what is none
    return false;     // no descriptor of a script is a terminal
  }
  return file_is(name[1], operand);
}

bool Expression::binary() {
  const std::string& left = arguments_[at_];
  const std::string& name = arguments_[at_ + 1];
  if (at_ + 2 >= arguments_.size()) throw BadExpression{about(name, "argument expected")};
  const std::string& right = arguments_[at_ + 2];
  at_ += 2;
  if (name == "=" || name == "==") return left == right;
  if (name == "!=") return left != right;
  if (name == "<") return left < right;
  if (name == ">") return left > right;
  if (name == "-nt" || name == "-ot" || name == "-ef") return compare_files(name, left, right);
  const long long a = number(left);
  const long long b = number(right);
  if (name == "-eq") return a == b;
  if (name == "-ne") return a != b;
  if (name == "-ge") return a >= b;
  if (name == "-gt") return a > b;
  if (name == "-le") return a <= b;
  return a < b;
}

long long Expression::number(const std::string& text) {
  errno = 0;
  char* end = nullptr;
  const long long value = std::strtoll(text.c_str(), &end, 10);
  // musl's strtoll sets EINVAL where there is no digit at all.
  if (errno != 0 || end == text.c_str()) throw BadExpression{about(text, "out of range")};
  const std::string_view rest(end);
  if (rest.find_first_not_of(" \t\n\v\f\r") != std::string_view::npos) {
    throw BadExpression{about(text, "bad number")};
  }
  return value;
}

bool Expression::compare_files(std::string_view name, const std::string& a,
                               const std::string& b) const {
  const auto follow = ScriptRootfs::Follow::last;
  if (a.empty() || b.empty()) return false;
  const Entry* first = invocation_.files.find(invocation_.absolute(a), follow);
  const Entry* second = invocation_.files.find(invocation_.absolute(b), follow);
  if (first == nullptr || second == nullptr) return false;
  if (name == "-ef") return first->node == second->node;
  for (const Entry* entry : {first, second}) {
    // The time of a directory or link is settled only with the layer.
    if (entry->node->type != NodeType::file) throw NotNative("test: the time of a directory");
  }
  if (name == "-nt") return first->node->mtime > second->node->mtime;
  return first->node->mtime < second->node->mtime;
}

bool Expression::file_is(char letter, const std::string& path) const {
  if (path.empty()) return false;
  const bool link = letter == 'L' || letter == 'h';
  const Entry* entry =
      invocation_.files.find(invocation_.absolute(path),
                             link ? ScriptRootfs::Follow::not_last : ScriptRootfs::Follow::last);
  if (entry == nullptr) return false;
  const Node& node = *entry->node;
  switch (letter) {
    case 'e':
    case 'r':
    case 'w':
      return true;  // root may
    case 'x':
      return (node.mode & 0111U) != 0;
    case 'f':
      return node.type == NodeType::file;
    case 'd':
      return node.type == NodeType::directory;
    case 'c':
      return node.type == NodeType::character_device;
    case 'b':
      return node.type == NodeType::block_device;
    case 'p':
      return node.type == NodeType::fifo;
    case 'u':
      return (node.mode & 04000U) != 0;
    case 'g':
      return (node.mode & 02000U) != 0;
    case 'k':
      return (node.mode & 01000U) != 0;
    case 's':
      // A directory is never of size 0 where it is stored.
      return node.type == NodeType::directory ||
             (node.type == NodeType::file && node.content.size > 0);
    case 'O':
      return node.uid == 0;
    case 'G':
      return node.gid == 0;
    case 'L':
    case 'h':
      return node.type == NodeType::symlink;
    default:
      return false;  // 'S': no sockets are in a rootfs
  }
}

}  // namespace

int run_test(const Invocation& invocation) {
  std::span<const std::string> arguments = invocation.arguments;
  if (arguments[0].ends_with('[')) {
    if (arguments.size() < 2 || arguments.back() != "]") {
      complain_as_shell(invocation, "missing ]");
      return 2;
    }
    arguments = arguments.first(arguments.size() - 1);
  }
  try {
    return Expression(invocation, arguments.subspan(1)).decide();
  } catch (const BadExpression& bad) {
    complain_as_shell(invocation, bad.complaint);
    return 2;
  }
}

}  // namespace tarn::builder
