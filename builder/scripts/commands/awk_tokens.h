#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tarn::builder {

struct AwkToken {
  enum class Kind { end, newline, number, text, name, function_name, keyword, sign };
  Kind kind = Kind::end;
  std::string text;
  double number = 0;
};

/// Cuts an awk program into tokens. Throws NotNative for what cannot be one.
class AwkTokens {
 public:
  explicit AwkTokens(std::string_view program);
  const AwkToken& next() const { return token_; }
  void take();
  bool is_sign(std::string_view sign) const {
    return token_.kind == AwkToken::Kind::sign && token_.text == sign;
  }
  bool is_keyword(std::string_view word) const {
    return token_.kind == AwkToken::Kind::keyword && token_.text == word;
  }
  /// The regular expression that begins with the sign "/" or "/=" which comes next; goes on behind
  /// it.
  std::string take_expression();

 private:
  void read();
  void read_number();
  void read_text();
  void read_name();
  void read_sign();
  void skip_blanks();

  std::string_view program_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;  ///< of the token
  AwkToken token_;
};

}  // namespace tarn::builder
