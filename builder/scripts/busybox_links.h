#pragma once

#include <cstddef>
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

/// The links `PROGRAM --install -s` is for, there or not, in the order it makes them; see
/// install_applet_links.
std::vector<AppletLink> applet_links(const Rootfs& rootfs, std::string_view program);

/// The links `/bin/bbsuid --install` makes: of its own those whose paths are free or lead to
/// busybox.
std::vector<AppletLink> bbsuid_links(const Rootfs& rootfs);

/// What `PROGRAM --install -s` does for a multi-call program of busybox at `program`
/// ("bin/busybox", "bin/busybox-extras"): a symbolic link to it for each of its applets, where the
/// path is free; nothing is ever replaced. The paths are those of its list in etc/busybox-paths.d
/// where there is one (a list that no program has the name of is busybox'), else those of the
/// applets the program itself names. Links lead to where the
/// program really lies ("/bin/busybox"). Missing folders are made. Returns the number of new links;
/// 0 when there is no such program.
std::size_t install_applet_links(Rootfs& rootfs, std::string_view program);

/// What `/bin/bbsuid --install` does: its links, at the paths the program itself lists, replace
/// those to busybox. Returns the number of new links; 0 when there is no bbsuid.
std::size_t install_bbsuid_links(Rootfs& rootfs);

/// All links an image with busybox has in the end, as busybox' package's own scripts make them:
/// those of bbsuid, of busybox-extras, then of busybox.
std::size_t install_busybox_links(Rootfs& rootfs);

/// The applets a busybox program has: its own sorted table of names. Empty when `program` is no
/// ELF file or holds no such table.
std::vector<std::string> applet_names(std::string_view program);

/// The folder busybox installs an applet to: "bin", "sbin", "usr/bin", "usr/sbin", or "" for the
/// root.
std::string_view applet_folder(std::string_view applet);

}  // namespace tarn::builder
