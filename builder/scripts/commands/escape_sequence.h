#pragma once

#include <cstddef>
#include <string_view>

namespace tarn::builder {

/// The octet that an escape sequence stands for, as busybox reads it wherever its commands know
/// any: one to three octal digits, `x` and one or two hexadecimal digits, or one of `abefnrtv\`.
/// `position` is just after the backslash and moves behind the sequence. What is no sequence gives
/// the backslash itself, and `position` stays.
char read_escape_sequence(std::string_view text, std::size_t& position);

/// The same where octal numbers may also be written `\0ddd`.
char read_long_escape_sequence(std::string_view text, std::size_t& position);

}  // namespace tarn::builder
