#include "apk/fetch/certificates.h"

#include "apk/support/error.h"
#include "apk/support/file.h"

namespace tarn::apk {

Certificates trusted_certificates(const std::filesystem::path& system_file,
                                  const std::filesystem::path& more) {
  constexpr std::uint64_t limit = 16U << 20U;
  if (more.empty()) return {.file = system_file, .bundle = {}};
  const std::string added =
      with_context("reading more trusted certificates", [&] { return read_file(more, limit); });
  if (added.find("-----BEGIN ") == std::string::npos)
    throw Error(ErrorKind::failed, more.string() + " holds no certificate")
        .detail("expected", "certificates in PEM form (-----BEGIN CERTIFICATE-----)");
  std::string bundle = added + "\n";
  if (!system_file.empty() && std::filesystem::exists(system_file))
    bundle += read_file(system_file, limit);
  return {.file = {}, .bundle = std::move(bundle)};
}

}  // namespace tarn::apk
