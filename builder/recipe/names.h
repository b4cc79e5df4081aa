#pragma once

#include <string_view>

namespace tarn::builder {

/// Whether `text` may name a file of its own in a folder: letters, digits, '_', '-', '.', '@', not
/// beginning with '.'.
bool is_file_name(std::string_view text);

/// Whether `text` may name a certificate, as apko has it: letters, digits, '_', '-', and after the
/// first also '.'.
bool is_certificate_name(std::string_view text);

/// Whether `text` may stand in a field of etc/passwd or etc/group: no ':', no control character.
bool is_account_field(std::string_view text);

/// Whether `text` may name a user or a group: not empty, an account field without white space, '/'
/// and ',', not beginning with '-'.
bool is_account_name(std::string_view text);

/// Whether `text` may name a variable: a letter, then letters, digits and '_'.
bool is_variable_name(std::string_view text);

/// Whether `text` holds no control character.
bool is_printable(std::string_view text);

/// Whether `text` is an absolute path without "." and ".." as parts.
bool is_clean_absolute_path(std::string_view text);

}  // namespace tarn::builder
