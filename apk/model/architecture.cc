#include "apk/model/architecture.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tarn::apk {
namespace {

constexpr std::string_view host_name =
#if defined(__x86_64__)
    "x86_64";
#elif defined(__aarch64__)
    "aarch64";
#elif defined(__i386__)
    "x86";
#elif defined(__arm__) && __ARM_ARCH >= 7
    "armv7";
#elif defined(__arm__)
    "armhf";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
    "ppc64le";
#elif defined(__riscv) && __riscv_xlen == 64
    "riscv64";
#elif defined(__s390x__)
    "s390x";
#elif defined(__loongarch64)
    "loongarch64";
#else
#error "apk has no name for this architecture"
#endif

/// Other names people write, and apk's.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> aliases = {{
    {"i386", "x86"},
    {"i686", "x86"},
    {"x86-64", "x86_64"},
    {"arm64/v8", "aarch64"},
    {"armv6", "armhf"},
    {"armv6l", "armhf"},
    {"arm/6", "armhf"},
    {"armv7l", "armv7"},
    {"armv7hl", "armv7"},
    {"arm/7", "armv7"},
    {"arm", "armv7"},
    {"powerpc64le", "ppc64le"},
}};

std::optional<Architecture> find(std::string_view name) {
  for (auto& known : Architecture::all()) {
    const std::string oci = known.variant.empty() ? known.oci : known.oci + "/" + known.variant;
    if (name == known.apk || name == oci) return std::move(known);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Architecture> Architecture::parse(std::string_view name) {
  if (name == "host") return host();
  if (name.starts_with("linux/")) name.remove_prefix(6);
  for (const auto& [alias, apk] : aliases)
    if (name == alias) name = apk;
  return find(name);
}

Architecture Architecture::host() {
  return *find(host_name);
}

std::vector<Architecture> Architecture::all() {
  return {
      {"aarch64", "arm64", ""},       {"armhf", "arm", "v6"},     {"armv7", "arm", "v7"},
      {"loongarch64", "loong64", ""}, {"ppc64le", "ppc64le", ""}, {"riscv64", "riscv64", ""},
      {"s390x", "s390x", ""},         {"x86", "386", ""},         {"x86_64", "amd64", ""},
  };
}

std::string Architecture::platform() const {
  return "linux/" + oci + (variant.empty() ? "" : "/" + variant);
}

}  // namespace tarn::apk
