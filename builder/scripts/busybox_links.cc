#include "builder/scripts/busybox_links.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/core.h>

namespace tarn::builder {
namespace {

constexpr std::string_view busybox_path = "bin/busybox";
constexpr std::string_view bbsuid_path = "bin/bbsuid";
constexpr std::string_view lists_folder = "etc/busybox-paths.d";
/// A real busybox has about one MiB; what is larger is something else.
constexpr std::uint64_t program_limit = 64U << 20U;
/// Fewer names in a row are found in any program.
constexpr std::size_t fewest_applets = 8;

/// The applets of each folder but usr/bin, between spaces.
struct AppletFolder {
  std::string_view path;
  std::string_view applets;
};

constexpr std::array<AppletFolder, 4> applet_folders = {{
    {"", " linuxrc "},
    {"bin",
     " arch ash base64 bbconfig cat catv chattr chgrp chmod chown conspy cp cttyhack date "
     "dd df dmesg dnsdomainname dumpkmap echo ed egrep false fatattr fdflush fgrep fsync "
     "getopt grep gunzip gzip hostname hush ionice iostat ipcalc kbd_mode kill link "
     "linux32 linux64 ln login ls lsattr lzop makemime mkdir mknod mktemp more mount "
     "mountpoint mpstat mv netstat nice pidof ping ping6 pipe_progress printenv ps pwd "
     "reformime resume rev rm rmdir run-parts scriptreplay sed setarch setpriv setserial "
     "sh sleep stat stty su sync tar touch true umount uname usleep watch zcat "},
    {"sbin",
     " acpid adjtimex arp blkid blockdev bootchartd depmod devmem fbsplash fdisk findfs "
     "freeramdisk fsck fsck.minix fstrim getty halt hdparm hwclock ifconfig ifdown "
     "ifenslave ifup init inotifyd insmod ip ipaddr iplink ipneigh iproute iprule iptunnel "
     "klogd loadkmap logread losetup lsmod makedevs mdev mkdosfs mke2fs mkfs.ext2 "
     "mkfs.minix mkfs.reiser mkfs.vfat mkswap modinfo modprobe nameif nologin pivot_root "
     "poweroff raidautorun reboot rmmod route runlevel setconsole slattach "
     "start-stop-daemon sulogin swapoff swapon switch_root sysctl syslogd tunctl tune2fs "
     "udhcpc uevent vconfig watchdog zcip "},
    {"usr/sbin",
     " add-shell addgroup adduser arping brctl chat chpasswd chroot crond delgroup deluser "
     "dhcprelay dnsd ether-wake fakeidentd fbset fdformat flash_eraseall flash_lock "
     "flash_unlock flashcp ftpd httpd i2cdetect i2cdump i2cget i2cset i2ctransfer ifplugd "
     "inetd killall5 loadfont lpd nanddump nandwrite nbd-client ntpd partprobe popmaildir "
     "powertop rdate rdev readahead readprofile remove-shell rfkill seedrng sendmail "
     "setfont setlogcons svlogd telnetd tftpd ubiattach ubidetach ubimkvol ubirename "
     "ubirmvol ubirsvol ubiupdatevol udhcpd "},
}};

std::string_view last_part(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool is_applet_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '[' || c == '-' || c == '_' ||
         c == '.';
}

bool is_applet_name(std::string_view name) {
  return !name.empty() && name.size() <= 32 && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), is_applet_character);
}

bool is_elf(std::string_view program) {
  return program.starts_with(
      "\x7f"
      "ELF");
}

/// The content of a regular file that can be a program.
std::optional<std::string> read_program(const Rootfs& rootfs, std::string_view path) {
  const Entry* const entry = rootfs.find(path, Rootfs::Follow::last);
  if (entry == nullptr || entry->node->type != NodeType::file) return std::nullopt;
  if (entry->node->content.size > program_limit) return std::nullopt;
  return entry->node->content.read();
}

/// Where the program lies when its folders' links are resolved, as a process sees itself.
std::string real_path(const Rootfs& rootfs, std::string_view path) {
  return "/" + rootfs.resolve(path);
}

/// Adds the paths a list in etc/busybox-paths.d names, one a line.
void add_listed_paths(std::string_view list, std::vector<std::string>& paths) {
  while (!list.empty()) {
    const auto end = std::min(list.find('\n'), list.size());
    auto line = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    while (line.starts_with('/')) line.remove_prefix(1);
    if (!line.empty() && !line.ends_with('/')) paths.emplace_back(line);
  }
}

/// Whether the list of this name is that of `program`: its own, or, for busybox, one that no
/// program has the name of (busybox packages have names such as busybox-full).
bool is_list_of(const Rootfs& rootfs, std::string_view name, std::string_view program) {
  if (name == last_part(program)) return true;
  return program == busybox_path &&
         rootfs.find(fmt::format("bin/{}", name), Rootfs::Follow::last) == nullptr;
}

/// The paths that lists in etc/busybox-paths.d give a program; nothing without such a list.
std::optional<std::vector<std::string>> listed_paths(const Rootfs& rootfs,
                                                     std::string_view program) {
  const Entry* const folder = rootfs.find(lists_folder, Rootfs::Follow::last);
  if (folder == nullptr) return std::nullopt;
  std::optional<std::vector<std::string>> paths;
  for (const auto& [name, entry] : folder->node->children) {
    if (!is_list_of(rootfs, name, program)) continue;
    const auto list = rootfs.read_file(fmt::format("{}/{}", lists_folder, name));
    if (!list) continue;
    if (!paths) paths.emplace();
    add_listed_paths(*list, *paths);
  }
  return paths;
}

std::vector<std::string> own_paths(std::string_view program) {
  std::vector<std::string> paths;
  for (const auto& name : applet_names(program)) {
    const auto folder = applet_folder(name);
    paths.push_back(folder.empty() ? name : fmt::format("{}/{}", folder, name));
  }
  return paths;
}

/// The name at the end of a text: what lies before a table is not always ended by a NUL. Of
/// digits before '[' none belongs to it.
std::string_view name_at_end(std::string_view text) {
  if (text.ends_with('[') && !text.ends_with("[[")) return text.substr(text.size() - 1);
  std::size_t length = 0;
  while (length < text.size() && is_applet_character(text[text.size() - 1 - length])) ++length;
  return text.substr(text.size() - length);
}

/// The run of ascending applet names that begins with the text at `begin` and ends with an empty
/// name; empty when there is none. Moves `begin` behind what was looked at.
std::vector<std::string_view> run_of_names(std::string_view program, std::size_t& begin) {
  std::vector<std::string_view> names;
  while (begin < program.size()) {
    const auto end = program.find('\0', begin);
    if (end == std::string_view::npos) {
      begin = program.size();
      return {};
    }
    const auto name = program.substr(begin, end - begin);
    if (name.empty()) {
      begin = end + 1;
      return names;
    }
    if (names.empty()) {
      begin = end + 1;
      const auto first = name_at_end(name);
      if (!is_applet_name(first)) return {};
      names.push_back(first);
      continue;
    }
    // A name that breaks the order may begin a run of its own.
    if (!is_applet_name(name) || name <= names.back()) return {};
    names.push_back(name);
    begin = end + 1;
  }
  return {};
}

bool leads_to(const Entry& entry, const std::string& target) {
  return entry.node->type == NodeType::symlink && entry.node->target == target;
}

/// The absolute paths of commands among the texts of a program, in their order.
std::vector<std::string_view> command_paths_in(std::string_view program) {
  static constexpr std::array<std::string_view, 4> folders = {"/bin/", "/sbin/", "/usr/bin/",
                                                              "/usr/sbin/"};
  std::vector<std::string_view> paths;
  for (std::size_t begin = 0; begin < program.size();) {
    const auto end = std::min(program.find('\0', begin), program.size());
    const auto text = program.substr(begin, end - begin);
    begin = end + 1;
    for (const auto folder : folders)
      if (text.starts_with(folder) && is_applet_name(text.substr(folder.size())))
        paths.push_back(text);
  }
  return paths;
}

}  // namespace

std::vector<std::string> applet_names(std::string_view program) {
  if (!is_elf(program)) return {};
  std::vector<std::string_view> best;
  for (std::size_t begin = 0; begin < program.size();) {
    auto names = run_of_names(program, begin);
    if (names.size() > best.size()) best = std::move(names);
  }
  if (best.size() < fewest_applets) return {};
  // A text that happens to lie before the table would be taken for its first name.
  const auto first = std::find(best.begin(), best.end(), "[");
  if (first != best.end()) best.erase(best.begin(), first);
  return {best.begin(), best.end()};
}

std::string_view applet_folder(std::string_view applet) {
  const std::string word = fmt::format(" {} ", applet);
  for (const auto& folder : applet_folders)
    if (folder.applets.find(word) != std::string_view::npos) return folder.path;
  return "usr/bin";
}

std::vector<AppletLink> applet_links(const Rootfs& rootfs, std::string_view program) {
  const auto content = read_program(rootfs, program);
  if (!content) return {};
  auto paths = listed_paths(rootfs, program);
  if (!paths) paths = own_paths(*content);
  const std::string target = real_path(rootfs, program);
  std::vector<AppletLink> links;
  for (auto& path : *paths) links.push_back({std::move(path), target});
  return links;
}

std::vector<AppletLink> bbsuid_links(const Rootfs& rootfs) {
  const auto content = read_program(rootfs, bbsuid_path);
  if (!content || !is_elf(*content)) return {};
  const std::string target = real_path(rootfs, bbsuid_path);
  const std::string busybox = real_path(rootfs, busybox_path);
  std::vector<AppletLink> links;
  for (const auto path : command_paths_in(*content)) {
    const auto name = last_part(path);
    if (name == last_part(busybox_path) || name == last_part(bbsuid_path)) continue;
    const Entry* const there = rootfs.find(path);
    if (there != nullptr && !leads_to(*there, busybox)) continue;
    links.push_back({std::string(path.substr(1)), target});
  }
  return links;
}

}  // namespace tarn::builder
