#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tarn::builder {

/// A place in a recipe; line and column count from 1. Line 0: no recipe, but what `file` says
/// ("command line").
struct Position {
  std::string file;
  int line = 0;
  int column = 0;
  /// "file:line:column", or "file".
  std::string str() const;
  bool operator==(const Position&) const = default;
};

/// A text of the recipe with its place.
struct Located {
  std::string text;
  Position position;
  bool operator==(const Located&) const = default;
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
    bool operator==(const RuntimeKey&) const = default;
  };
  std::vector<RuntimeKey> runtime_keyring;  ///< keys for the image only
  std::vector<Located> packages;            ///< world
  struct BaseImage {
    std::string image;     ///< path of an OCI layout, or "docker://" and a name in a registry
    std::string apkindex;  ///< apko's folder with ARCHITECTURE/APKINDEX; may be empty
    Position position;
    bool operator==(const BaseImage&) const = default;
  };
  std::optional<BaseImage> baseimage;
  bool operator==(const Contents&) const = default;
};

struct Entrypoint {
  std::string type;            ///< "" or "service-bundle"
  std::string command;         ///< split as a shell splits words
  std::string shell_fragment;  ///< run by /bin/sh -c
  std::map<std::string, std::string> services;
  bool operator==(const Entrypoint&) const = default;
};

struct User {
  std::string name;
  std::uint32_t uid = 0;
  std::optional<std::uint32_t> gid;  ///< default: the uid
  std::string shell;                 ///< default /bin/sh
  std::string home;                  ///< default /home/NAME
  Position position;
  bool operator==(const User&) const = default;
};

struct Group {
  std::string name;
  std::uint32_t gid = 0;
  std::vector<std::string> members;
  Position position;
  bool operator==(const Group&) const = default;
};

struct Accounts {
  std::string run_as;  ///< a user name or id, "user:group" allowed
  std::vector<User> users;
  std::vector<Group> groups;
  bool operator==(const Accounts&) const = default;
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
  bool operator==(const PathEntry&) const = default;
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
  bool operator==(const FileEntry&) const = default;
};

enum class Codec { gzip, zstd, none };
struct Compression {
  Codec codec = Codec::gzip;
  std::optional<int> level;  ///< gzip 1–12 (default 6), zstd 1–19 (default 9)
  bool operator==(const Compression&) const = default;
};

enum class ScriptPolicy {
  automatic,  ///< natively where that is exact, else in the sandbox
  strict,     ///< the same, and a script that fails is an error
  native,
  sandbox,
  skip,
};
struct Scripts {
  ScriptPolicy policy = ScriptPolicy::automatic;
  std::map<std::string, ScriptPolicy> packages;  ///< exceptions by package name
  ScriptPolicy of(std::string_view package) const;
  bool operator==(const Scripts&) const = default;
};

struct Layering {
  std::string strategy;
  int budget = 0;
  Position position;
  bool operator==(const Layering&) const = default;
};

struct Certificate {
  std::string name;
  std::string content;  ///< PEM
  Position position;
  bool operator==(const Certificate&) const = default;
};
struct Certificates {
  std::vector<Certificate> additional;
  std::vector<std::string> providers;
  bool operator==(const Certificates&) const = default;
};

enum class ApkDatabase { keep, drop };

/// How container tools find out whether a container is well. Docker and podman know it; the OCI
/// specification does not.
struct Healthcheck {
  enum class Kind { command, shell_fragment, none };
  Kind kind = Kind::command;
  std::string text;  ///< split into words as a shell does, or given to the image's shell
  // 0: as the tool has it.
  std::chrono::milliseconds interval{0};
  std::chrono::milliseconds timeout{0};
  std::chrono::milliseconds start_period{0};
  std::uint32_t retries = 0;
  bool operator==(const Healthcheck&) const = default;
};

/// A recipe after its includes and its variant are merged; defaults are not yet filled in: an
/// absent key is an empty value. What each key means stands in docs/recipe.md. Relative paths in it
/// count from the folder of `file`.
struct Recipe {
  std::filesystem::path file;  ///< the recipe that was asked for, as given
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
  std::map<std::string, std::string> vars;  ///< with those given at the command line
  std::string skeleton;  ///< "" (minimal), a name in rootfs-skel, "none", or an absolute path
  std::map<std::string, std::string> labels;  ///< of the config, over the annotations
  std::string author;
  std::vector<std::string> exposed_ports;  ///< "80/tcp"
  std::optional<Healthcheck> healthcheck;
  std::vector<FileEntry> files;
  Scripts scripts;
  Compression compression;
  ApkDatabase apk_database = ApkDatabase::keep;
  std::vector<Located> prune;  ///< named sets, or globs that begin with '/'
  std::map<std::string, std::vector<std::string>> mirrors;  ///< repository URL prefix → substitutes
  bool operator==(const Recipe&) const = default;
};

}  // namespace tarn::builder
