#include "builder/lock/apko_lock.h"

#include <set>

#include <nlohmann/json.hpp>

#include "apk/model/architecture.h"
#include "apk/model/dependency.h"
#include "apk/support/error.h"
#include "builder/lock/lock_member.h"

namespace tarn::builder {
namespace {

constexpr std::size_t most_apko_packages = 200'000;

/// "sha256-" and base64.
Sha256Digest read_apko_digest(const LockMember& json) {
  constexpr std::string_view prefix = "sha256-";
  const std::string text = json.line();
  if (text.starts_with(prefix)) {
    const auto octets = from_base64(text.substr(prefix.size()));
    const auto digest = octets ? digest_from_hex<32>(to_hex(*octets)) : std::nullopt;
    if (digest) return *digest;
  }
  throw json.wrong("it is no SHA-256 checksum");
}

std::string read_apko_architecture(const LockMember& json) {
  const auto architecture = apk::Architecture::parse(json.line());
  if (!architecture) throw json.wrong("it is no architecture");
  return architecture->apk;
}

ApkoLockedPackage read_apko_package(const LockMember& json) {
  ApkoLockedPackage package;
  package.name = json.at("name").line();
  if (!apk::is_valid_package_name(package.name)) throw json.at("name").wrong("it is no name");
  package.version = json.at("version").line();
  package.architecture = read_apko_architecture(json.at("architecture"));
  const auto url = Url::parse(json.at("url").line());
  if (!url) throw json.at("url").wrong("it is no URL");
  package.url = *url;
  const auto identity = apk::Identity::parse(json.at("checksum").line());
  if (!identity) throw json.at("checksum").wrong("it is no checksum of a package");
  package.identity = *identity;
  if (json.has("data") && json.at("data").has("checksum"))
    package.data = read_apko_digest(json.at("data").at("checksum"));
  return package;
}

ApkoLock read_apko_members(const LockMember& top) {
  const LockMember version = top.at("version");
  if (version.line() != "v1")
    throw Error(ErrorKind::usage,
                version.wrong("this program knows version v1 of apko's lock files").message());
  ApkoLock lock;
  if (top.has("config") && top.at("config").has("checksum"))
    lock.configuration = read_apko_digest(top.at("config").at("checksum"));
  std::set<std::pair<std::string, std::string>> names;
  top.at("contents")
      .at("packages")
      .for_each_element(
          [&](const LockMember& one) {
            ApkoLockedPackage package = read_apko_package(one);
            if (!names.emplace(package.architecture, package.name).second)
              throw one.wrong("another package has the name " + package.name);
            lock.packages.push_back(std::move(package));
          },
          most_apko_packages);
  return lock;
}

}  // namespace

ApkoLock read_apko_lock(std::string_view text, const std::string& name) {
  try {
    const auto json = LockMember::Json::parse(text);
    return read_apko_members(LockMember(json, name));
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::failed, name + " is no JSON").detail("found", error.what());
  } catch (Error& error) {
    error.hint("make it anew with 'apko lock', or move it away for 'tarn lock' to write its own");
    throw;
  }
}

}  // namespace tarn::builder
