#pragma once

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace tarn {

/// What kind of failure: gives the program's exit status (the numeric value).
enum class ErrorKind {
  failed = 1,  ///< anything that is none of the others: files, disks, bad packages' structure
  usage = 2,   ///< wrong usage of the program, or a wrong recipe
  unsatisfiable = 3,  ///< the solver found no plan
  network = 4,        ///< transfer or registry
  trust = 5,          ///< signature, identity, checksum
  interrupted = 130,  ///< the person stopped the run
};

/// The one exception type. It says what is wrong (message), facts that belong to it as labelled
/// lines (details: "required by", "available", "expected", "found"), what was being done (contexts,
/// innermost first), and what to do (hint).
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

  Error& detail(std::string label, std::string text) & {
    details_.emplace_back(std::move(label), std::move(text));
    return *this;
  }
  Error&& detail(std::string label, std::string text) && {
    return std::move(detail(std::move(label), std::move(text)));
  }

  /// What was being done when it failed, as a participle: "reading index https://…".
  Error& context(std::string text) & {
    contexts_.push_back(std::move(text));
    return *this;
  }
  Error&& context(std::string text) && { return std::move(context(std::move(text))); }

  /// What the reader can do about it. The last one given counts.
  Error& hint(std::string text) & {
    hint_ = std::move(text);
    return *this;
  }
  Error&& hint(std::string text) && { return std::move(hint(std::move(text))); }

  const char* what() const noexcept override { return message_.c_str(); }
  ErrorKind kind() const { return kind_; }
  int exit_status() const { return static_cast<int>(kind_); }
  const std::string& message() const { return message_; }
  const std::vector<std::pair<std::string, std::string>>& details() const { return details_; }
  const std::vector<std::string>& contexts() const { return contexts_; }
  const std::string& hint() const { return hint_; }

  /// The whole as text, without colours, lines ended by '\n':
  ///   error: MESSAGE
  ///     LABEL: TEXT
  ///     while CONTEXT
  ///   hint: HINT
  std::string render() const;

 private:
  ErrorKind kind_;
  std::string message_;
  std::vector<std::pair<std::string, std::string>> details_;
  std::vector<std::string> contexts_;
  std::string hint_;
};

/// An Error of kind `failed` for a failed system call: "DOING: strerror(error_number)".
Error system_error(const std::string& doing, int error_number);

/// Runs `function`; an Error that leaves it carries `context` then.
template <typename Function>
decltype(auto) with_context(const std::string& context, Function&& function) {
  try {
    return std::forward<Function>(function)();
  } catch (Error& error) {
    error.context(context);
    throw;
  }
}

}  // namespace tarn
