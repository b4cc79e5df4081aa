#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tarn::builder {

/// A place in a recipe; line and column count from 1.
struct Position {
  std::string file;
  int line = 0;
  int column = 0;
  /// "file:line:column".
  std::string str() const;
  bool operator==(const Position&) const = default;
};

/// A text of the recipe with its place.
struct Located {
  std::string text;
  Position position;
};

/// `contents`: where packages come from and which are wanted.
struct Contents {
  std::vector<Located> build_repositories;    ///< to resolve with; not written into the image
  std::vector<Located> runtime_repositories;  ///< written into the image; not resolved with
  std::vector<Located> repositories;          ///< both
  std::vector<Located> keyring;               ///< paths or https URLs of public keys
  struct RuntimeKey {
    std::string name;
    std::string content;  ///< PEM
    Position position;
  };
  std::vector<RuntimeKey> runtime_keyring;  ///< keys for the image only
  std::vector<Located> packages;            ///< world
  struct BaseImage {
    std::string image;
    std::string apkindex;
    Position position;
  };
  std::optional<BaseImage> baseimage;
};

struct Entrypoint {
  std::string type;            ///< "" or "service-bundle"
  std::string command;         ///< split as a shell splits words
  std::string shell_fragment;  ///< run by /bin/sh -c
  std::map<std::string, std::string> services;
};

struct User {
  std::string name;
  std::uint32_t uid = 0;
  std::optional<std::uint32_t> gid;  ///< default: the uid
  std::string shell;                 ///< default /bin/sh
  std::string home;                  ///< default /home/NAME
  Position position;
};

struct Group {
  std::string name;
  std::uint32_t gid = 0;
  std::vector<std::string> members;
  Position position;
};

struct Accounts {
  std::string run_as;  ///< a user name or id, "user:group" allowed
  std::vector<User> users;
  std::vector<Group> groups;
};

enum class PathType { directory, empty_file, hardlink, symlink, permissions };

/// One entry of `paths`: something made or changed after the packages are in place.
struct PathEntry {
  std::string path;  ///< as written
  PathType type = PathType::directory;
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
  std::optional<std::uint32_t> permissions;  ///< 07777; unset: 0755 for directories, 0644 for files
  std::string source;                        ///< target of a link
  bool recursive = false;
  Position position;
};

/// One entry of `files`: content from the recipe or from the host.
struct FileEntry {
  std::string path;
  std::optional<std::string> content;
  std::optional<std::filesystem::path>
      source;  ///< file or folder, made absolute by the recipe's folder
  std::optional<std::uint32_t> mode;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  Position position;
};

enum class Codec { gzip, zstd, none };
struct Compression {
  Codec codec = Codec::gzip;
  std::optional<int> level;  ///< gzip 1–12 (default 9), zstd 1–19 (default 9)
};

enum class ScriptPolicy { automatic, native, sandbox, skip };
struct Scripts {
  ScriptPolicy policy = ScriptPolicy::automatic;
  std::map<std::string, ScriptPolicy> packages;  ///< exceptions by package name
  ScriptPolicy of(std::string_view package) const;
};

struct Layering {
  std::string strategy;
  int budget = 0;
  Position position;
};

struct Certificate {
  std::string name;
  std::string content;  ///< PEM
  Position position;
};
struct Certificates {
  std::vector<Certificate> additional;
  std::vector<std::string> providers;
};

enum class ApkDatabase { keep, drop };

/// A recipe after its includes are merged and its defaults are not yet filled in: an absent key is
/// an empty value. Field by field what spec'd keys mean stands in the README's recipe reference.
struct Recipe {
  std::filesystem::path file;  ///< the recipe given; relative paths in it count from its folder
  Contents contents;
  Entrypoint entrypoint;
  std::string cmd;
  std::string stop_signal;
  std::string work_dir;
  Accounts accounts;
  std::vector<Located> archs;
  std::map<std::string, std::string> environment;
  std::vector<PathEntry> paths;
  std::string vcs_url;
  std::map<std::string, std::string> annotations;
  std::vector<std::string> volumes;
  std::optional<Layering> layering;
  std::optional<Located> format;  ///< apko's `format`
  Certificates certificates;

  // What tarn adds.
  std::map<std::string, std::string> vars;
  std::string skeleton;  ///< "" (minimal), a name in rootfs-skel, "none", or an absolute path
  std::vector<FileEntry> files;
  Scripts scripts;
  Compression compression;
  ApkDatabase apk_database = ApkDatabase::keep;
  std::vector<Located> prune;  ///< named sets, or globs that begin with '/'
  std::map<std::string, std::vector<std::string>> mirrors;  ///< repository URL prefix → substitutes
};

}  // namespace tarn::builder
