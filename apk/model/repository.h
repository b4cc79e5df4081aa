#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apk/model/package.h"
#include "apk/support/url.h"

namespace tarn::apk {

enum class RepositoryFormat {
  v2,     ///< URL/ARCH/APKINDEX.tar.gz
  v3,     ///< URL/ARCH/Packages.adb
  index,  ///< `ndx`: the URL is that of the index file itself
};

/// One repository: a place with an index and the packages it lists.
struct Repository {
  RepositoryFormat format = RepositoryFormat::v2;
  Url url;          ///< without a trailing '/'
  std::string tag;  ///< without '@'; empty: untagged

  Url index_url(std::string_view arch) const;
  /// Where the file of `package` lies; the package's own `A:` decides the folder.
  Url package_url(const Package& package) const;
  /// Short name to show: the last two parts of the path ("v3.22/main"), or the whole URL.
  std::string label() const;
  /// The line for etc/apk/repositories that names this repository alone, without credentials.
  std::string line() const;
  bool operator==(const Repository&) const = default;
};

/// `${NAME}` values for repository lines. A `set` line adds to them.
using Variables = std::map<std::string, std::string, std::less<>>;

/// Reads one repository line: `[v2|v3|ndx] [@tag] URL [component …]` gives one repository for each
/// component (or one), `set [-default] key=value` changes `variables` and gives none, an empty line
/// or a comment gives none. Throws Error (usage) that says what is wrong with the line: an unknown
/// keyword, a bad URL, an undefined variable.
std::vector<Repository> parse_repository_line(std::string_view line, Variables& variables);

/// Replaces `${NAME}` in `text`. Throws Error (usage) naming an undefined or malformed one.
std::string expand_variables(std::string_view text, const Variables& variables);

}  // namespace tarn::apk
