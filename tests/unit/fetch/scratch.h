#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "apk/fetch/store.h"
#include "apk/support/file.h"

namespace tarn::test {

/// A folder for one test, gone with it.
struct Scratch {
  TemporaryDirectory folder{std::filesystem::temp_directory_path() / "tarn-fetch-test-"};
  std::filesystem::path operator/(std::string_view name) const { return folder.path() / name; }
};

/// Puts `content` into a store.
inline apk::StoreEntry put_text(apk::Store& store, const std::string& kind, const std::string& key,
                                std::string_view content,
                                std::map<std::string, std::string> facts = {}) {
  apk::StoreEntry entry{.blob = sha256(content), .size = content.size(), .facts = std::move(facts)};
  AtomicFile blob = store.new_blob();
  blob.write(content);
  store.put(kind, key, std::move(blob), entry);
  return entry;
}

/// What a store holds under a key: the content, or "(absent)".
inline std::string text_in(const apk::Store& store, const std::string& kind,
                           const std::string& key) {
  const auto entry = store.find(kind, key);
  if (!entry) return "(absent)";
  const auto file = store.open(*entry);
  return file ? std::string(as_text(file->bytes())) : "(absent)";
}

/// Replaces a file's content in place, as damage does.
inline void overwrite(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::remove(path);
  write_file(path, content);
}

}  // namespace tarn::test
