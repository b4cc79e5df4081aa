#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/index/package_text.h"
#include "builder/lock/lock_file.h"
#include "builder/lock/package_members.h"

namespace tarn::builder {
namespace {

using LockJson = nlohmann::ordered_json;

std::string lock_digest(const Sha256Digest& digest) {
  return "sha256:" + to_hex(digest);
}

/// On one line, with white space where a person looks for it.
std::string one_line(const LockJson& json) {
  if (!json.is_object()) return json.dump();
  std::string text;
  for (const auto& [key, value] : json.items())
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", LockJson(key).dump(), value.dump());
  return "{" + text + "}";
}

bool is_utf8(const std::string& text) {
  try {
    return !LockJson(text).dump().empty();
  } catch (const LockJson::type_error&) {
    return false;
  }
}

/// The lines of APKINDEX, taken apart.
std::vector<std::pair<char, std::string>> lines_of(const std::string& block) {
  std::vector<std::pair<char, std::string>> lines;
  for (std::string_view rest = block; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    if (end >= 2) lines.emplace_back(rest.front(), std::string(rest.substr(2, end - 2)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return lines;
}

LockJson package_json(const apk::PlannedPackage& planned, const std::string& architecture) {
  LockJson json = {{"name", planned.package.name}, {"version", planned.package.version}};
  json["repository"] = planned.repository;
  if (!planned.tag.empty()) json["tag"] = planned.tag;
  std::string block;
  apk::append_package_text(block, planned.package);
  if (!is_utf8(block)) {
    json["index_entry"] = to_base64(as_bytes(block));
    return json;
  }
  const auto lines = lines_of(block);
  for (const PackageMember& member : package_members) {
    const auto found =
        std::ranges::find(lines, member.letter, &std::pair<char, std::string>::first);
    if (found == lines.end() || found->second.empty() || json.contains(member.name)) continue;
    if (member.letter == 'A' && found->second == architecture) continue;
    if (member.kind == PackageMember::Kind::number)
      json[member.name] = LockJson::parse(found->second);
    else
      json[member.name] = found->second;
  }
  return json;
}

/// Writes members and elements, each on a line of its own.
class LockText {
 public:
  void open(const std::string& key, char bracket) {
    begin_line(key);
    text_ += bracket;
    closing_.push_back(bracket == '{' ? '}' : ']');
    is_first_ = true;
  }
  void close() {
    const char bracket = closing_.back();
    closing_.pop_back();
    if (!is_first_) text_ += "\n" + std::string(2 * closing_.size(), ' ');
    text_ += bracket;
    is_first_ = false;
  }
  void add(const std::string& key, const LockJson& value) {
    begin_line(key);
    text_ += one_line(value);
  }
  void add_digests(const std::string& key, const std::map<std::string, Sha256Digest>& digests) {
    open(key, '{');
    for (const auto& [name, digest] : digests) add(name, lock_digest(digest));
    close();
  }
  void add_texts(const std::string& key, const std::vector<std::string>& texts) {
    open(key, '[');
    for (const std::string& text : texts) add("", text);
    close();
  }
  std::string take() { return std::move(text_) + "\n"; }

 private:
  void begin_line(const std::string& key) {
    if (!closing_.empty()) {
      if (!is_first_) text_ += ',';
      text_ += "\n" + std::string(2 * closing_.size(), ' ');
      if (closing_.back() == '}') text_ += LockJson(key).dump() + ": ";
    }
    is_first_ = false;
  }

  std::string text_;
  std::string closing_;
  bool is_first_ = true;
};

void write_recipe(const RecipeFacts& recipe, LockText& text) {
  text.open("recipe", '{');
  text.add_texts("repositories", recipe.repositories);
  text.add_texts("packages", recipe.packages);
  text.add_digests("parts", recipe.parts);
  text.add_digests("sources", recipe.sources);
  text.close();
}

void write_architecture(const LockedArchitecture& architecture, LockText& text) {
  text.open(architecture.architecture, '{');
  std::vector<std::string> indexes;
  for (const Sha256Digest& digest : architecture.index_digests)
    indexes.push_back(lock_digest(digest));
  text.add_texts("indexes", indexes);
  text.add("keys", architecture.keys);
  if (architecture.base) text.add("base", lock_digest(*architecture.base));
  text.open("packages", '[');
  for (const apk::PlannedPackage& planned : architecture.packages)
    text.add("", package_json(planned, architecture.architecture));
  text.close();
  text.close();
}

}  // namespace

std::string write_lock(const Lock& lock) {
  LockText text;
  text.open("", '{');
  text.add("version", lock_version);
  write_recipe(lock.recipe, text);
  text.add("signatures",
           lock.signatures == apk::SignaturePolicy::required ? "required" : "ignored");
  text.open("keys", '[');
  for (const apk::PublicKey& key : lock.keys)
    text.add("", LockJson{{"name", key.name()}, {"pem", key.pem()}});
  text.close();
  text.open("architectures", '{');
  for (const LockedArchitecture& architecture : lock.architectures)
    write_architecture(architecture, text);
  text.close();
  text.close();
  return text.take();
}

}  // namespace tarn::builder
