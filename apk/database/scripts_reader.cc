#include <map>
#include <utility>

#include "apk/database/scripts_archive.h"
#include "apk/index/tar_reader.h"
#include "apk/support/error.h"

namespace tarn::apk {

void read_scripts_archive(ByteView tar, std::span<InstalledPackage> packages) {
  std::map<std::string, std::pair<InstalledPackage*, ScriptKind>> places;
  for (InstalledPackage& installed : packages)
    for (std::size_t kind = 0; kind < script_kind_count; ++kind)
      places.emplace(script_file_name(installed.package, static_cast<ScriptKind>(kind)),
                     std::pair(&installed, static_cast<ScriptKind>(kind)));
  TarReader reader(tar);
  while (const auto entry = reader.next()) {
    const auto found = places.find(entry->path);
    if (found == places.end()) continue;
    const auto [installed, kind] = found->second;
    installed->scripts[kind] = as_text(tar.subspan(entry->content, entry->size));
  }
}

void read_triggers(std::string_view text, std::span<InstalledPackage> packages) {
  std::map<std::string, InstalledPackage*> by_identity;
  for (InstalledPackage& installed : packages)
    by_identity.emplace(installed.package.identity.str(), &installed);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) continue;
    const auto words = split_words(line);
    if (words.size() < 2)
      throw Error(ErrorKind::failed, "lib/apk/db/triggers has a line without a trigger: '" +
                                         std::string(line.substr(0, 80)) + "'");
    const auto found = by_identity.find(std::string(words.front()));
    if (found != by_identity.end()) found->second->triggers.assign(words.begin() + 1, words.end());
  }
}

}  // namespace tarn::apk
