#include "builder/image/shell_words.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

class Splitter {
 public:
  explicit Splitter(std::string_view line) : line_(line) {}

  std::vector<std::string> split() {
    while (at_ < line_.size()) {
      const char c = line_[at_];
      if (is_space(c)) {
        end_word();
        ++at_;
      } else if (c == '#' && !in_word_) {
        at_ = std::min(line_.find('\n', at_), line_.size());
      } else if (c == '\'') {
        take_single_quotes();
      } else if (c == '"') {
        take_double_quotes();
      } else if (c == '\\') {
        take_escape();
      } else {
        add(c);
        ++at_;
      }
    }
    end_word();
    return std::move(words_);
  }

 private:
  void add(char c) {
    in_word_ = true;
    word_.push_back(c);
  }

  void end_word() {
    if (in_word_) words_.push_back(std::exchange(word_, {}));
    in_word_ = false;
  }

  Error unclosed(char quote, std::size_t opened) const {
    return Error(ErrorKind::usage,
                 fmt::format("the quote {} at character {} is not closed", quote, opened + 1))
        .detail("in", std::string(line_));
  }

  void take_single_quotes() {
    const std::size_t close = line_.find('\'', at_ + 1);
    if (close == std::string_view::npos) throw unclosed('\'', at_);
    in_word_ = true;
    word_.append(line_.substr(at_ + 1, close - at_ - 1));
    at_ = close + 1;
  }

  void take_double_quotes() {
    const std::size_t opened = at_++;
    in_word_ = true;
    while (at_ < line_.size() && line_[at_] != '"') {
      if (line_[at_] == '\\' && at_ + 1 < line_.size() &&
          std::string_view("$`\"\\\n").find(line_[at_ + 1]) != std::string_view::npos) {
        ++at_;
        // An escaped end of line is no character at all.
        if (line_[at_] == '\n') {
          ++at_;
          continue;
        }
      }
      word_.push_back(line_[at_++]);
    }
    if (at_ >= line_.size()) throw unclosed('"', opened);
    ++at_;
  }

  void take_escape() {
    if (at_ + 1 >= line_.size())
      throw Error(ErrorKind::usage, "a backslash at the end escapes nothing")
          .detail("in", std::string(line_));
    if (line_[at_ + 1] != '\n') add(line_[at_ + 1]);
    at_ += 2;
  }

  std::string_view line_;
  std::size_t at_ = 0;
  std::string word_;
  bool in_word_ = false;  ///< a word may be empty
  std::vector<std::string> words_;
};

}  // namespace

std::vector<std::string> split_shell_words(std::string_view line) {
  return Splitter(line).split();
}

}  // namespace tarn::builder
