#include "builder/scripts/commands/file_commands.h"

#include <array>

namespace tarn::builder {
namespace {

constexpr std::array<Command, 20> file_table = {{
    {"basename", run_basename, basename_unsupported},
    {"chgrp", run_chgrp, chgrp_unsupported},
    {"chmod", run_chmod, chmod_unsupported},
    {"chown", run_chown, chown_unsupported},
    {"cp", run_cp, cp_unsupported},
    {"dirname", run_dirname, dirname_unsupported},
    {"find", run_find, find_unsupported},
    {"install", run_install, install_unsupported},
    {"ln", run_ln, ln_unsupported},
    {"ls", run_ls, ls_unsupported},
    {"mkdir", run_mkdir, mkdir_unsupported},
    {"mkfifo", run_mkfifo, mkfifo_unsupported},
    {"mktemp", run_mktemp, mktemp_unsupported},
    {"mv", run_mv, mv_unsupported},
    {"readlink", run_readlink, readlink_unsupported},
    {"realpath", run_realpath, realpath_unsupported},
    {"rm", run_rm, rm_unsupported},
    {"rmdir", run_rmdir, rmdir_unsupported},
    {"stat", run_stat, stat_unsupported},
    {"touch", run_touch, touch_unsupported},
}};

}  // namespace

std::span<const Command> file_commands() {
  return file_table;
}

}  // namespace tarn::builder
