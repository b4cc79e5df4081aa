#pragma once

#include "builder/cli/command.h"

namespace tarn::builder {

/// Each declares one command (or one family of them), in a file of its own.
void add_build_command(Commands& commands);
void add_publish_command(Commands& commands);
void add_load_command(Commands& commands);
void add_pull_command(Commands& commands);
void add_lock_command(Commands& commands);
void add_outdated_command(Commands& commands);
void add_vendor_command(Commands& commands);
void add_login_commands(Commands& commands);
void add_sbom_command(Commands& commands);
void add_sign_command(Commands& commands);
void add_diff_command(Commands& commands);
void add_verify_command(Commands& commands);
void add_size_command(Commands& commands);
void add_plan_command(Commands& commands);
void add_scripts_command(Commands& commands);
void add_why_command(Commands& commands);
void add_tree_command(Commands& commands);
void add_search_command(Commands& commands);
void add_config_command(Commands& commands);
void add_import_command(Commands& commands);
void add_init_command(Commands& commands);
void add_schema_command(Commands& commands);
void add_completion_command(Commands& commands);
void add_man_command(Commands& commands);
void add_apk_commands(Commands& commands);
void add_cache_commands(Commands& commands);

}  // namespace tarn::builder
