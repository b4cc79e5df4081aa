#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "builder/scripts/command.h"

namespace tarn::builder {

/// Commands on files and folders: basename chgrp chmod chown cp dirname find install ln ls mkdir
/// mkfifo mktemp mv readlink realpath rm rmdir stat touch. Names in a folder come in the order of
/// their octets. What depends on a file system's inode numbers, block counts or times of folders
/// is not built, nor is what asks the person.
std::span<const Command> file_commands();

int run_basename(const Invocation& invocation);
int run_chgrp(const Invocation& invocation);
int run_chmod(const Invocation& invocation);
int run_chown(const Invocation& invocation);
int run_cp(const Invocation& invocation);
int run_dirname(const Invocation& invocation);
int run_find(const Invocation& invocation);
int run_install(const Invocation& invocation);
int run_ln(const Invocation& invocation);
int run_ls(const Invocation& invocation);
int run_mkdir(const Invocation& invocation);
int run_mkfifo(const Invocation& invocation);
int run_mktemp(const Invocation& invocation);
int run_mv(const Invocation& invocation);
int run_readlink(const Invocation& invocation);
int run_realpath(const Invocation& invocation);
int run_rm(const Invocation& invocation);
int run_rmdir(const Invocation& invocation);
int run_stat(const Invocation& invocation);
int run_touch(const Invocation& invocation);

std::optional<std::string> basename_unsupported(KnownArguments arguments);
std::optional<std::string> chgrp_unsupported(KnownArguments arguments);
std::optional<std::string> chmod_unsupported(KnownArguments arguments);
std::optional<std::string> chown_unsupported(KnownArguments arguments);
std::optional<std::string> cp_unsupported(KnownArguments arguments);
std::optional<std::string> dirname_unsupported(KnownArguments arguments);
std::optional<std::string> find_unsupported(KnownArguments arguments);
std::optional<std::string> install_unsupported(KnownArguments arguments);
std::optional<std::string> ln_unsupported(KnownArguments arguments);
std::optional<std::string> ls_unsupported(KnownArguments arguments);
std::optional<std::string> mkdir_unsupported(KnownArguments arguments);
std::optional<std::string> mkfifo_unsupported(KnownArguments arguments);
std::optional<std::string> mktemp_unsupported(KnownArguments arguments);
std::optional<std::string> mv_unsupported(KnownArguments arguments);
std::optional<std::string> readlink_unsupported(KnownArguments arguments);
std::optional<std::string> realpath_unsupported(KnownArguments arguments);
std::optional<std::string> rm_unsupported(KnownArguments arguments);
std::optional<std::string> rmdir_unsupported(KnownArguments arguments);
std::optional<std::string> stat_unsupported(KnownArguments arguments);
std::optional<std::string> touch_unsupported(KnownArguments arguments);

/// Makes a directory and, if asked, its parents, as mkdir and install do; parents get u+wx whatever
/// the umask. An existing one is fine with `parents` and stays as it is. False, complained of, when
/// it cannot be made.
struct DirectoryWish {
  std::optional<std::uint32_t> mode;  ///< of the last one; else 0777 less the umask
  enum class Parents { existing, made };
  Parents parents = Parents::existing;
};
bool make_directories(const Invocation& invocation, const std::string& path,
                      const DirectoryWish& wish);

/// Whether there is a directory at an operand, through links.
bool is_directory(const Invocation& invocation, const std::string& operand);

}  // namespace tarn::builder
