#include <algorithm>
#include <set>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/index/package_text.h"
#include "apk/model/architecture.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/url.h"
#include "builder/lock/lock_file.h"
#include "builder/lock/lock_member.h"
#include "builder/lock/package_members.h"
#include "builder/recipe/names.h"

namespace tarn::builder {
namespace {

constexpr std::uint64_t largest_lock = 256U << 20U;
constexpr std::size_t most_packages = 200'000;
constexpr std::size_t most_entries = 10'000;
constexpr std::size_t most_repositories = 63;

/// The package that lines of APKINDEX tell of.
apk::Package parse_entry(const std::string& block, const LockMember& member) {
  apk::PackageTextReader reader(block);
  const auto next = [&] {
    try {
      return reader.next();
    } catch (const Error& error) {
      throw member.wrong(error.message());
    }
  };
  const apk::PackageText* first = next();
  if (first == nullptr) throw member.wrong("it is no package");
  if (first->uninstallable)
    throw member.wrong(
        "the package cannot be installed" +
        (first->faults.empty() ? std::string() : ": " + redact_urls(first->faults.front())));
  apk::Package package = first->to_package();
  if (next() != nullptr) throw member.wrong("these are several packages");
  return package;
}

bool is_tag(const std::string& tag) {
  return tag.size() <= 256 && is_printable(tag) && tag.find(' ') == std::string::npos;
}

const PackageMember* find_package_member(const std::string& name) {
  const auto* const found = std::ranges::find(
      package_members, name, [](const PackageMember& member) { return std::string(member.name); });
  return found == package_members.end() ? nullptr : &*found;
}

std::string entry_of(const LockMember& json, const std::string& architecture) {
  if (json.has("index_entry")) {
    const auto bytes = from_base64(json.at("index_entry").line());
    if (!bytes) throw json.at("index_entry").wrong("it is not in base64");
    return std::string(as_text(*bytes));
  }
  std::string block;
  for (const PackageMember& member : package_members) {
    std::string value;
    if (json.has(member.name)) {
      const LockMember found = json.at(member.name);
      value = member.kind == PackageMember::Kind::number ? std::to_string(found.number())
                                                         : found.line();
    } else if (member.letter == 'A') {
      value = architecture;
    } else if (std::string_view("PVSIC").find(member.letter) != std::string_view::npos) {
      json.at(member.name);  // says that it is missing
    } else {
      continue;
    }
    block += fmt::format("{}:{}\n", member.letter, value);
  }
  return block + "\n";
}

apk::PlannedPackage read_locked_package(const LockMember& json, const std::string& architecture,
                                        std::size_t repositories) {
  json.check_keys([](const std::string& key) {
    return find_package_member(key) != nullptr || key == "repository" || key == "tag" ||
           key == "index_entry";
  });
  apk::PlannedPackage planned;
  planned.package = parse_entry(entry_of(json, architecture), json);
  if (planned.package.name != json.at("name").line() ||
      planned.package.version != json.at("version").line())
    throw json.wrong("its entry of the index is that of another package");
  planned.repository = json.at("repository").number_below(repositories, "repository");
  if (json.has("tag")) planned.tag = json.at("tag").line();
  if (!is_tag(planned.tag)) throw json.at("tag").wrong("it is no tag");
  return planned;
}

LockedArchitecture read_architecture(const std::string& name, const LockMember& json,
                                     const Lock& lock) {
  const auto known = apk::Architecture::parse(name);
  if (!known || known->apk != name) throw json.wrong("it is no architecture");
  json.check_keys([](const std::string& key) {
    return key == "indexes" || key == "keys" || key == "base" || key == "packages";
  });
  LockedArchitecture architecture;
  architecture.architecture = name;
  json.at("indexes").for_each_element(
      [&](const LockMember& one) { architecture.index_digests.push_back(one.digest()); },
      most_repositories);
  json.at("keys").for_each_element(
      [&](const LockMember& one) {
        architecture.keys.push_back(one.number_below(lock.keys.size(), "key"));
      },
      most_entries);
  if (json.has("base")) architecture.base = json.at("base").digest();
  std::set<std::string> names;
  json.at("packages")
      .for_each_element(
          [&](const LockMember& one) {
            auto planned = read_locked_package(one, name, lock.recipe.repositories.size());
            if (!names.insert(planned.package.name).second)
              throw one.wrong("another package has the name " + planned.package.name);
            architecture.packages.push_back(std::move(planned));
          },
          most_packages);
  return architecture;
}

std::vector<std::string> read_lines(const LockMember& json, std::size_t most) {
  std::vector<std::string> lines;
  json.for_each_element([&](const LockMember& one) { lines.push_back(one.line()); }, most);
  return lines;
}

std::map<std::string, Sha256Digest> read_digests(const LockMember& json) {
  std::map<std::string, Sha256Digest> digests;
  json.for_each(
      [&](const std::string& key, const LockMember& one) { digests.emplace(key, one.digest()); },
      most_entries);
  return digests;
}

RecipeFacts read_recipe_facts(const LockMember& json) {
  json.check_keys([](const std::string& key) {
    return key == "repositories" || key == "packages" || key == "parts" || key == "sources";
  });
  return {.repositories = read_lines(json.at("repositories"), most_repositories),
          .packages = read_lines(json.at("packages"), most_entries),
          .parts = read_digests(json.at("parts")),
          .sources = read_digests(json.at("sources"))};
}

apk::PublicKey read_key(const LockMember& json) {
  json.check_keys([](const std::string& key) { return key == "name" || key == "pem"; });
  const std::string name = json.at("name").line();
  if (!is_file_name(name)) throw json.at("name").wrong("it cannot name a file");
  try {
    return apk::PublicKey::from_pem(name, json.at("pem").text());
  } catch (const Error& error) {
    throw json.at("pem").wrong(error.message());
  }
}

apk::SignaturePolicy read_signatures(const LockMember& json) {
  const std::string word = json.line();
  if (word == "required") return apk::SignaturePolicy::required;
  if (word == "ignored") return apk::SignaturePolicy::ignored;
  throw json.wrong("'required' or 'ignored' is expected");
}

/// Versions that come after this one are of a program that comes after this one.
void check_version(const LockMember& json) {
  const std::uint64_t version = json.number();
  if (version != lock_version)
    throw Error(ErrorKind::usage, json.wrong(fmt::format("this program does not know version {} "
                                                         "of lock files",
                                                         version))
                                      .message())
        .hint(version > lock_version ? "use a newer tarn, or make it anew with 'tarn lock'"
                                     : "make it anew with 'tarn lock'");
}

nlohmann::ordered_json parse_lock_json(std::string_view text, const std::string& name) {
  try {
    return nlohmann::ordered_json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    const bool has_conflict = text.find("\n<<<<<<<") != std::string_view::npos;
    throw Error(ErrorKind::failed, fmt::format("{} is no JSON", name))
        .detail("found", error.what())
        .hint(has_conflict ? "it has a conflict of a merge: take either side, then 'tarn lock "
                             "--keep' makes it fit"
                           : "make it anew with 'tarn lock'");
  }
}

}  // namespace

Lock read_lock(std::string_view text, const std::string& name) {
  const auto json = parse_lock_json(text, name);
  const LockMember top(json, name);
  check_version(top.at("version"));
  top.check_keys([](const std::string& key) {
    return key == "version" || key == "recipe" || key == "signatures" || key == "keys" ||
           key == "architectures";
  });
  Lock lock;
  lock.recipe = read_recipe_facts(top.at("recipe"));
  lock.signatures = read_signatures(top.at("signatures"));
  top.at("keys").for_each_element(
      [&](const LockMember& one) { lock.keys.push_back(read_key(one)); }, most_entries);
  top.at("architectures")
      .for_each(
          [&](const std::string& key, const LockMember& one) {
            lock.architectures.push_back(read_architecture(key, one, lock));
          },
          apk::Architecture::all().size());
  std::ranges::sort(lock.architectures, {}, &LockedArchitecture::architecture);
  return lock;
}

std::filesystem::path lock_path(const std::filesystem::path& recipe, const std::string& variant) {
  std::string name = recipe.stem().string();
  if (!variant.empty()) name += "." + variant;
  return recipe.parent_path() / (name + ".lock.json");
}

bool is_apko_lock(const std::filesystem::path& path) {
  std::error_code status;
  if (!std::filesystem::is_regular_file(path, status)) return false;
  try {
    const auto json = nlohmann::ordered_json::parse(read_file(path, largest_lock));
    return json.is_object() && json.contains("contents") && json.contains("version") &&
           json["version"].is_string();
  } catch (const nlohmann::json::exception&) {
    return false;
  } catch (const Error&) {
    return false;
  }
}

ApkoLock read_apko_lock_file(const std::filesystem::path& path) {
  return read_apko_lock(read_file(path, largest_lock), path.string());
}

std::optional<Lock> find_lock(const std::filesystem::path& path) {
  std::error_code status;
  if (!std::filesystem::exists(path, status)) return std::nullopt;
  if (is_apko_lock(path))
    throw Error(ErrorKind::usage,
                path.string() + " was written by apko, and tarn does not change it")
        .hint("move it away for 'tarn lock' to write its own");
  return read_lock(read_file(path, largest_lock), path.string());
}

}  // namespace tarn::builder
