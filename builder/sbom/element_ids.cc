#include "builder/sbom/element_ids.h"

#include <fmt/core.h>

#include "builder/sbom/text.h"

namespace tarn::builder {

std::string ElementIds::take(std::string_view wanted) {
  const std::string base = plain_text(wanted);
  std::string id = base;
  for (int number = 2; !taken_.insert(id).second; ++number) id = fmt::format("{}-{}", base, number);
  return id;
}

}  // namespace tarn::builder
