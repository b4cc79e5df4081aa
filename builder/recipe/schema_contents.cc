#include "builder/recipe/schema_contents.h"

#include "apk/model/dependency.h"
#include "builder/recipe/decode.h"
#include "builder/recipe/names.h"

namespace tarn::builder {
namespace {

/// apko puts the tag behind the version, apk before the operator.
std::string with_tag_in_place(const std::string& text) {
  const auto operation = text.find_first_of("<>=~");
  const auto at = text.rfind('@');
  if (operation == std::string::npos || at == std::string::npos || at < operation) return text;
  return text.substr(0, operation) + text.substr(at) + text.substr(operation, at - operation);
}

std::vector<Located> decode_packages(const KeyedMapping& mapping) {
  auto packages = mapping.texts("packages");
  for (auto& package : packages) {
    package.text = with_tag_in_place(package.text);
    const auto dependency = apk::Dependency::parse(package.text);
    if (!dependency)
      throw recipe_error(package.position,
                         mapping.path_of("packages") + ": not a package: " + quote(package.text))
          .hint("write NAME, NAME=VERSION (or <, <=, >, >=, ~), !NAME, NAME@TAG");
    if (dependency->broken)
      throw recipe_error(package.position, mapping.path_of("packages") +
                                               ": not a version: " + quote(dependency->version));
  }
  return packages;
}

std::vector<Located> decode_repositories(const KeyedMapping& mapping, const std::string& key,
                                         const Origin& origin) {
  auto lines = mapping.texts(key);
  for (auto& line : lines) line.text = origin.relocate_repository(line.text, line.position);
  return lines;
}

Contents::RuntimeKey decode_runtime_key(const YamlNode& node, const std::string& path) {
  const KeyedMapping mapping(node, path, {"name", "content"});
  Contents::RuntimeKey key{mapping.required_text("name"), mapping.required_text("content"),
                           node.position};
  if (!is_file_name(key.name))
    throw recipe_error(mapping.require("name").position,
                       mapping.path_of("name") + ": not a file name: " + quote(key.name))
        .hint("letters, digits, '_', '-', '.' and '@'");
  if (key.content.find("-----BEGIN PUBLIC KEY-----") == std::string::npos &&
      key.content.find("-----BEGIN RSA PUBLIC KEY-----") == std::string::npos)
    throw recipe_error(mapping.require("content").position,
                       mapping.path_of("content") + ": no public key in PEM");
  return key;
}

Contents::BaseImage decode_base_image(const YamlNode& node, const std::string& path,
                                      const Origin& origin) {
  const KeyedMapping mapping(node, path, {"image", "apkindex"});
  const std::string image = mapping.required_text("image");
  const std::string index = mapping.text("apkindex");
  return {image.starts_with("docker://") ? image : origin.relocate(image, node.position),
          index.empty() ? index : origin.relocate(index, node.position), node.position};
}

}  // namespace

const std::vector<std::string>& contents_keys() {
  static const std::vector<std::string> keys = {"build_repositories", "runtime_repositories",
                                                "repositories",       "keyring",
                                                "runtime_keyring",    "packages",
                                                "baseimage"};
  return keys;
}

Contents decode_contents(const YamlNode& node, const Origin& origin) {
  const KeyedMapping mapping(node, "contents", contents_keys());
  Contents contents;
  contents.build_repositories = decode_repositories(mapping, "build_repositories", origin);
  contents.runtime_repositories = mapping.texts("runtime_repositories");
  contents.repositories = decode_repositories(mapping, "repositories", origin);
  contents.keyring = mapping.texts("keyring");
  for (auto& key : contents.keyring) key.text = origin.relocate_place(key.text, key.position);
  for (const auto& key : mapping.list("runtime_keyring"))
    contents.runtime_keyring.push_back(
        decode_runtime_key(*key, mapping.path_of("runtime_keyring")));
  contents.packages = decode_packages(mapping);
  if (const auto* image = mapping.find("baseimage"))
    contents.baseimage = decode_base_image(*image, mapping.path_of("baseimage"), origin);
  return contents;
}

}  // namespace tarn::builder
