#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace tarn::builder {

/// The licences of a document that the SPDX list does not have: "LicenseRef-…", each with the text
/// that it stands for.
class LicenseReferences {
 public:
  /// The reference for a text. `name` is what it is called after, as far as its characters may
  /// stand in a reference; where another text has that, a number follows.
  std::string reference(std::string_view name, std::string_view text);
  /// By reference.
  const std::map<std::string, std::string>& texts() const { return texts_; }

 private:
  std::map<std::string, std::string> texts_;
  std::map<std::string, std::string> by_text_;
};

/// What a package says of its licence as an SPDX licence expression (SPDX 2.3, annex D): names in
/// the list's spelling, operators in capitals. Names that the list does not have become references,
/// and so do a name with an exception that it does not have, and the whole where it is no
/// expression. Names with nothing between them all hold (AND), where the list has them all.
/// "NOASSERTION" for an empty text.
std::string license_expression(std::string_view text, LicenseReferences& references);

/// The same for an expression of another document: `known` has the texts of its references. Gives
/// "NOASSERTION" for what is no expression.
std::string foreign_license_expression(std::string_view text,
                                       const std::map<std::string, std::string>& known,
                                       LicenseReferences& references);

/// What is no expression, and yet may stand where one does.
inline constexpr const char* no_assertion = "NOASSERTION";

}  // namespace tarn::builder
