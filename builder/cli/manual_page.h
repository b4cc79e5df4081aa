#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tarn::builder {

/// The name of a command's page in section 1 of the manual: "tarn-apk-index".
std::string manual_page_name(const CLI::App& command);

/// The page, from what --help shows of the command: roff with the macros of man(7), in ASCII. A
/// function of the commands' definitions alone.
std::string manual_page(const CLI::App& command);

/// The commands below one, in the order in which its help lists them.
std::vector<const CLI::App*> subcommands_of(const CLI::App& command);

}  // namespace tarn::builder
