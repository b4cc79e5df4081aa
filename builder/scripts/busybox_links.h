#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// A symbolic link that an installation makes.
struct AppletLink {
  std::string path;    ///< without a leading '/'
  std::string target;  ///< absolute
};

/// The links that `PROGRAM --install -s` makes where their paths are free, in its order, for a
/// multi-call program of busybox at `program` ("bin/busybox", "bin/busybox-extras"): one for each
/// of its applets. The paths are those of its list in etc/busybox-paths.d where there is one (a
/// list that no program has the name of is busybox'), else those of the applets the program itself
/// names. Links lead to where the program really lies ("/bin/busybox"). None when there is no such
/// program.
std::vector<AppletLink> applet_links(const Rootfs& rootfs, std::string_view program);

/// The links `/bin/bbsuid --install` makes, at the paths the program itself lists: those that are
/// free or lead to busybox. None when there is no bbsuid.
std::vector<AppletLink> bbsuid_links(const Rootfs& rootfs);

/// The applets a busybox program has: its own sorted table of names. Empty when `program` is no
/// ELF file or holds no such table.
std::vector<std::string> applet_names(std::string_view program);

/// The folder busybox installs an applet to: "bin", "sbin", "usr/bin", "usr/sbin", or "" for the
/// root.
std::string_view applet_folder(std::string_view applet);

}  // namespace tarn::builder
