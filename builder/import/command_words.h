#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tarn::builder {

/// The words of a command told apart into options and operands, as getopt_long() does.
class CommandWords {
 public:
  /// `with_value`: letters of options that take a value; `long_with_value`: names of such.
  CommandWords(const std::vector<std::string>& words, std::string_view with_value,
               const std::vector<std::string>& long_with_value);

  std::vector<std::string> operands;

  /// Whether an option is there, by its short or long name ("-u", "--uid"; either may be empty).
  bool has(std::string_view short_name, std::string_view long_name) const;
  /// The last value of an option; nothing when it is not there.
  std::optional<std::string> value(std::string_view short_name, std::string_view long_name) const;
  std::vector<std::string> all_values(std::string_view short_name,
                                      std::string_view long_name) const;

 private:
  struct Option {
    std::string name;
    std::string value;
  };
  std::vector<Option> options_;
};

/// A user's or group's number; nothing for any other text.
std::optional<std::uint32_t> parse_id(std::string_view text);
/// A mode in octal digits, up to 07777; nothing for any other text.
std::optional<std::uint32_t> parse_mode(std::string_view text);

/// A text with the escapes of echo -e and printf replaced; nothing for one that they do not know.
std::optional<std::string> unescape(std::string_view text);

}  // namespace tarn::builder
