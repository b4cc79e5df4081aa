#pragma once

#include <string>
#include <vector>

#include "builder/recipe/recipe.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// Adds a recipe's certificates to an image: each is written to
/// usr/local/share/ca-certificates/NAME.crt and appended to the bundle
/// etc/ssl/certs/ca-certificates.crt (through links; made when missing) unless it is in there.
/// Throws Error (usage) with the entry's position for a name that is not
/// `[a-zA-Z0-9_-]+[a-zA-Z0-9_.-]*`, a name given twice, or a content that is not one or several
/// PEM certificates.
void add_certificates(Rootfs& rootfs, const std::vector<Certificate>& certificates);

/// Appends the PEM certificates of files in the rootfs to the bundle in the same way: those of
/// `paths` (what packages brought) that end in ".crt" or ".pem" and are not the bundle itself, in
/// the order given. Throws Error (failed) naming a file that holds no certificates.
void add_packaged_certificates(Rootfs& rootfs, const std::vector<std::string>& paths);

}  // namespace tarn::builder
