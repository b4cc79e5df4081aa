#include "builder/apko_locking.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "apk/package/package_file.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/parallel.h"
#include "builder/index_loading.h"
#include "builder/locking.h"

namespace tarn::builder {
namespace {

/// The texts of a recipe and of what it includes, in the order in which they are read.
std::vector<std::string> texts_of(const Recipe& recipe, LoadOptions load) {
  std::vector<std::string> texts;
  const auto read = load.read;
  load.read = [&](const std::filesystem::path& path) {
    texts.push_back(read ? read(path) : read_file(path, 16U << 20U));
    return texts.back();
  };
  load_recipe(recipe.file, load);
  return texts;
}

std::string with_plain_line_ends(std::string text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') plain += text[i];
  return plain;
}

bool is_met_by(const apk::Dependency& wish, const apk::Package& package) {
  if (package.name == wish.name && wish.is_satisfied_by(package.version, package.identity))
    return true;
  return std::ranges::any_of(package.provides, [&](const apk::Provide& provide) {
    return provide.name == wish.name && wish.is_satisfied_by(provide.version, package.identity);
  });
}

/// Whether the package, or what it provides, has the name at all.
bool has_name(const apk::Package& package, const std::string& name) {
  return package.name == name || std::ranges::any_of(package.provides, [&](const auto& provide) {
           return provide.name == name;
         });
}

bool is_met(const apk::Dependency& wish, const LockedArchitecture& locked) {
  if (!wish.conflict)
    return std::ranges::any_of(locked.packages, [&](const apk::PlannedPackage& planned) {
      return is_met_by(wish, planned.package);
    });
  return std::ranges::none_of(locked.packages, [&](const apk::PlannedPackage& planned) {
    return has_name(planned.package, wish.name) && !is_met_by(wish, planned.package);
  });
}

/// A package's place without the file and the architecture's folder; local ones from the recipe.
Url repository_of(const ApkoLockedPackage& package, const Recipe& recipe) {
  const Url place = package.url.folder().folder().without_credentials();
  if (!place.is_local()) return place;
  const auto path = resolve_path(recipe, place.path()).lexically_normal();
  return Url::parse(path.string()).value_or(place);
}

std::size_t number_of_repository(const ApkoLockedPackage& package, const Recipe& recipe,
                                 const Resolution& resolution) {
  const Url place = repository_of(package, recipe);
  for (std::size_t i = 0; i < resolution.repositories.size(); ++i) {
    const Url known = resolution.repositories[i].url.without_credentials();
    const bool is_same =
        place.is_local() && known.is_local()
            ? std::filesystem::path(known.path()).lexically_normal() == place.path()
            : known == place;
    if (is_same) return i;
  }
  throw Error(
      ErrorKind::usage,
      fmt::format("the lock has {} from none of the recipe's repositories", package.label()))
      .detail("found", package.url.str())
      .hint(
          "'apko lock' makes the lock fit, and 'tarn lock' one of tarn's, where that is moved "
          "away");
}

/// Throws Error (trust) unless the file is the package that was locked.
void verify_locked(ByteView bytes, const ApkoLockedPackage& locked) {
  const auto file = apk::PackageFile::parse(bytes, locked.url.str());
  file.verify_identity(locked.identity);
  file.verify_data_hash();
  const bool is_named =
      file.package().name == locked.name && file.package().version == locked.version;
  if (!is_named)
    throw Error(ErrorKind::trust, locked.url.str() + " is another package than the lock says")
        .detail("expected", locked.label())
        .detail("found", file.package().label());
  if (locked.data && file.data_hash() != to_hex(*locked.data))
    throw Error(ErrorKind::trust, locked.url.str() + " has other data than the lock says")
        .detail("expected", to_hex(*locked.data))
        .detail("found", file.data_hash());
}

apk::Wanted wanted_from_lock(const ApkoLockedPackage& locked, const apk::Repository& repository) {
  apk::Package named;
  named.name = locked.name;
  named.version = locked.version;
  named.arch = locked.architecture;
  Url url = locked.url;
  if (url.is_local()) url = repository.package_url(named);
  return {.label = locked.label(),
          .kind = "package",
          .key = locked.identity.hex(),
          .url = std::move(url),
          .others = {repository.package_url(named)},
          .size = std::nullopt,
          .verify = [&locked](ByteView bytes) { verify_locked(bytes, locked); }};
}

/// What a package's file says of it.
struct PackageOfLock {
  apk::PlannedPackage planned;
  std::vector<std::string> signers;  ///< names of the keys
};

using ArchitecturePackages = std::vector<const PackageOfLock*>;

/// As an index would list it: the folder that the package lies in counts as its architecture.
PackageOfLock read_package_of(const MappedFile& file, const ApkoLockedPackage& locked,
                              std::size_t repository) {
  const auto read = apk::PackageFile::parse(file.bytes(), locked.url.str());
  PackageOfLock package;
  package.planned.package = read.package();
  package.planned.package.arch = locked.architecture;
  package.planned.package.replaces.clear();
  package.planned.package.replaces_priority = 0;
  package.planned.repository = repository;
  for (const apk::Signature& signature : read.signatures())
    package.signers.push_back(signature.key_name);
  return package;
}

std::vector<PackageOfLock> bring_packages(const std::vector<const ApkoLockedPackage*>& chosen,
                                          const Recipe& recipe, const Resolution& resolution,
                                          const ResolveOptions& options, apk::Fetcher& fetcher,
                                          const std::stop_token& stop) {
  std::vector<std::size_t> repositories;
  std::vector<apk::Wanted> wanted;
  for (const ApkoLockedPackage* package : chosen) {
    repositories.push_back(number_of_repository(*package, recipe, resolution));
    wanted.push_back(wanted_from_lock(*package, resolution.repositories[repositories.back()]));
  }
  const auto files = fetcher.fetch_fixed(wanted);
  std::vector<PackageOfLock> packages(files.size());
  parallel_for(
      files.size(), options.threads,
      [&](std::size_t i) { packages[i] = read_package_of(files[i], *chosen[i], repositories[i]); },
      stop);
  return packages;
}

/// The keys for the image: the recipe's, and Alpine's that signed packages that no other has.
apk::Keyring keys_for(const ArchitecturePackages& packages, apk::Keyring keyring,
                      const ResolveOptions& options, apk::Fetcher& fetcher) {
  std::set<std::string> names;
  for (const PackageOfLock* package : packages)
    if (std::ranges::none_of(package->signers, [&](const std::string& name) {
          return keyring.find(name) != nullptr;
        }))
      names.insert(package->signers.begin(), package->signers.end());
  if (options.signatures == apk::SignaturePolicy::required)
    add_anchor_keys(keyring, {names.begin(), names.end()}, fetcher);
  return keyring;
}

}  // namespace

std::vector<Misfit> find_text_misfits(const Recipe& recipe, const LoadOptions& load,
                                      const ApkoLock& lock) {
  if (!lock.configuration) return {};
  std::string text;
  try {
    for (const std::string& part : texts_of(recipe, load)) text += part;
  } catch (const Error&) {
    return {};  // it was loaded before: what is missing now is the network
  }
  if (sha256(text) == *lock.configuration ||
      sha256(with_plain_line_ends(text)) == *lock.configuration)
    return {};
  return {{.part = recipe.file.string(),
           .change = "changed since apko locked it",
           .concern = Misfit::Concern::packages}};
}

std::vector<Misfit> find_unmet_wishes(const Recipe& recipe, const Lock& lock) {
  const Resolution resolution = recipe_resolution(recipe);
  std::set<std::string> unmet;
  for (const LockedArchitecture& locked : lock.architectures)
    for (const apk::Dependency& wish : resolution.world)
      if (!is_met(wish, locked)) unmet.insert(wish.str());
  std::vector<Misfit> misfits;
  for (const std::string& wish : unmet)
    misfits.push_back({.part = "contents.packages",
                       .change = "not as the lock has it: " + wish,
                       .concern = Misfit::Concern::packages});
  return misfits;
}

Lock lock_from_apko(const Recipe& recipe, const ApkoLock& locked, const ResolveOptions& options,
                    apk::Fetcher& fetcher, const std::stop_token& stop) {
  if (recipe.contents.baseimage)
    throw Error(ErrorKind::usage, "a lock of apko's for a recipe with a base image is not used")
        .hint("move it away, and 'tarn lock' writes its own");
  Resolution resolution = recipe_resolution(recipe);
  const auto architectures = choose_architectures(recipe, options);
  std::vector<const ApkoLockedPackage*> chosen;
  for (const apk::Architecture& architecture : architectures) {
    const std::size_t before = chosen.size();
    for (const ApkoLockedPackage& package : locked.packages)
      if (package.architecture == architecture.apk) chosen.push_back(&package);
    if (chosen.size() == before)
      throw Error(ErrorKind::usage, "the lock has no packages for " + architecture.apk)
          .hint("'apko lock --arch' adds them");
  }
  const std::vector<PackageOfLock> packages =
      bring_packages(chosen, recipe, resolution, options, fetcher, stop);
  const apk::Keyring keyring = read_keyring(recipe, fetcher);
  for (const apk::Architecture& architecture : architectures) {
    ArchitecturePackages of;
    for (std::size_t i = 0; i < chosen.size(); ++i)
      if (chosen[i]->architecture == architecture.apk) of.push_back(&packages[i]);
    ArchitecturePlan plan;
    plan.architecture = architecture;
    for (const PackageOfLock* package : of) plan.plan.packages.push_back(package->planned);
    plan.keyring = keys_for(of, keyring, options, fetcher);
    resolution.plans.push_back(std::move(plan));
  }
  return make_lock(recipe, resolution, options);
}

}  // namespace tarn::builder
