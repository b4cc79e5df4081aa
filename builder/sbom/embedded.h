#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "builder/rootfs/rootfs.h"
#include "builder/sbom/element_ids.h"
#include "builder/sbom/sbom.h"

namespace tarn::builder {

/// Where packages bring SBOMs of their own, and where those of an image lie:
/// NAME-VERSION.spdx.json.
inline constexpr const char* embedded_folder = "var/lib/db/sbom";
inline constexpr std::string_view embedded_suffix = ".spdx.json";

/// Takes over what SBOMs in a root say: their packages, but for those that the root has already,
/// and the relations between packages.
class EmbeddedSboms {
 public:
  /// Both must outlive it; the root has its packages and origins.
  EmbeddedSboms(SbomRoot& root, ElementIds& ids);
  ~EmbeddedSboms();
  EmbeddedSboms(const EmbeddedSboms&) = delete;
  EmbeddedSboms& operator=(const EmbeddedSboms&) = delete;

  /// Adds one document (SPDX 2.2 or 2.3 JSON). One that is none becomes a problem of the root,
  /// named by `path`, and adds nothing.
  void add(const std::string& path, std::string_view text);
  /// Adds all documents that lie in a root, in order of their names.
  void add_all(const Rootfs& rootfs);

 private:
  class Merger;
  std::unique_ptr<Merger> merger_;
};

}  // namespace tarn::builder
