#pragma once

#include <string>
#include <string_view>

namespace tarn::builder {

/// Who looks after a package.
struct Maintainer {
  std::string name;
  std::string email;  ///< empty where none, or none that can be one, is given
};

/// Reads "Name <address>"; an address alone is a name as well.
Maintainer parse_maintainer(std::string_view text);

}  // namespace tarn::builder
