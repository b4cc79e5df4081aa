#pragma once

#include <cstdint>

#include "builder/recipe/recipe.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// Writes the supervision tree of a service bundle, as s6-svscan takes it: sv/NAME/run for each
/// service, a file that may be executed, its command after the line `#!/bin/execlineb` (a command
/// that begins with "#!" is a script of its own). Does nothing for another type of entrypoint.
/// `uid` and `gid` own the tree: s6 makes its control files in there, so it belongs to whom the
/// image runs as. Throws Error (usage) for a name that is no plain file name.
void write_services(Rootfs& rootfs, const Entrypoint& entrypoint, std::uint32_t uid,
                    std::uint32_t gid);

}  // namespace tarn::builder
