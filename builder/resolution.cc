#include "builder/resolution.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "apk/support/file.h"
#include "apk/support/parallel.h"
#include "apk/trust/anchors.h"
#include "builder/recipe/load.h"
#include "builder/recipe/repositories.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

/// Package a service bundle needs, as apko adds it.
constexpr std::string_view supervisor_package = "s6";

apk::Dependency parse_world_entry(const std::string& text, const std::string& where) {
  auto dependency = apk::Dependency::parse(text);
  if (!dependency || dependency->broken)
    throw Error(ErrorKind::usage, fmt::format("{}: '{}' is not a package constraint", where, text))
        .hint("write a name, with a version if you like: nginx, nginx~1.28, nginx@edge, !nginx");
  return std::move(*dependency);
}

/// What the recipe asks for, each entry once.
void read_world(const Recipe& recipe, Resolution& resolution) {
  std::set<std::string> known;
  const auto add = [&](const std::string& text, const std::string& where) {
    apk::Dependency dependency = parse_world_entry(text, where);
    if (!known.insert(dependency.str()).second) return;
    resolution.world.push_back(std::move(dependency));
    resolution.world_origins.push_back(where);
  };
  for (const Located& package : recipe.contents.packages) add(package.text, package.position.str());
  if (recipe.entrypoint.type == "service-bundle")
    add(std::string(supervisor_package), "entrypoint of " + recipe.file.string());
}

/// The file name under which signatures refer to the key at `path`.
std::string key_name_of(const std::string& path) {
  return fs::path(path).filename().string();
}

bool is_loopback(const std::string& host) {
  return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
}

void add_key_from_url(apk::Keyring& keyring, const Url& url, apk::Fetcher& fetcher) {
  const auto files = fetcher.fetch_current({url}, [&](std::size_t, ByteView bytes) {
    apk::PublicKey::from_pem(key_name_of(url.path()), std::string(as_text(bytes)));
  });
  auto key = apk::PublicKey::from_pem(key_name_of(url.path()),
                                      std::string(as_text(files.front().bytes())));
  if (url.scheme() != "https" && !is_loopback(url.host()) && !apk::matches_anchor(key))
    throw Error(ErrorKind::trust, "a key fetched over plain http cannot be trusted: " + url.str())
        .hint("use an https URL, or a copy of the key beside the recipe");
  keyring.add(std::move(key));
}

void add_key(apk::Keyring& keyring, const Recipe& recipe, const std::string& text,
             apk::Fetcher& fetcher) {
  const auto url = Url::parse(text);
  if (!url) throw Error(ErrorKind::usage, "'" + redact_urls(text) + "' is no path and no URL");
  if (!url->is_local()) return add_key_from_url(keyring, *url, fetcher);
  const fs::path path = resolve_path(recipe, url->path());
  if (fs::is_directory(path)) return keyring.add_folder(path);
  keyring.add(apk::PublicKey::from_pem(key_name_of(path.string()), read_file(path, 1U << 20U)));
}

/// Where world's entries were written, and the repositories' names, for messages.
apk::Origins origins_of(const Resolution& resolution) {
  apk::Origins origins;
  origins.world = [&resolution](const apk::Dependency& dependency) {
    const auto found = std::ranges::find(resolution.world, dependency);
    return found == resolution.world.end()
               ? std::string("the base image")
               : resolution
                     .world_origins[static_cast<std::size_t>(found - resolution.world.begin())];
  };
  for (const apk::Repository& repository : resolution.repositories)
    origins.repository_labels.push_back(repository.label());
  return origins;
}

/// The entry of world that keeps a package of a base image as it is: its layers cannot change.
apk::Dependency pinned(const apk::InstalledPackage& installed) {
  apk::Dependency dependency;
  dependency.name = installed.package.name;
  dependency.match = apk::VersionMatch::equal;
  dependency.version = installed.package.version;
  return dependency;
}

constexpr std::string_view registry_prefix = "docker://";

std::unique_ptr<ImageSource> open_base(const Recipe& recipe, const ResolveOptions& options) {
  const std::string& image = recipe.contents.baseimage->image;
  if (!image.starts_with(registry_prefix)) return open_layout(resolve_path(recipe, image));
  const std::string reference = image.substr(registry_prefix.size());
  if (!options.open_repository)
    throw Error(ErrorKind::usage, "this command reads no base image from a registry")
        .hint("pull it into an OCI layout first, and name that as contents.baseimage.image");
  return options.open_repository(reference);
}

/// Takes what the base image has out of the plan.
void leave_out_present(ArchitecturePlan& plan) {
  if (!plan.base) return;
  std::set<std::string> present;
  for (const apk::InstalledPackage& installed : plan.base->installed)
    present.insert(installed.package.name);
  std::erase_if(plan.plan.packages, [&](const apk::PlannedPackage& planned) {
    return present.contains(planned.package.name);
  });
}

/// Makes the older plan's packages those that are installed, besides those of a base image.
void set_installed(apk::Request& request, const PlanChange& change, const std::string& name) {
  const auto older = std::ranges::find(change.older, name, &OlderPlan::architecture);
  if (older == change.older.end()) return;
  std::set<std::string> present;
  for (const apk::PresentPackage& installed : request.installed)
    present.insert(installed.package.name);
  for (const apk::PlannedPackage& planned : older->packages)
    if (present.insert(planned.package.name).second)
      request.installed.push_back({planned.package, planned.tag});
  std::ranges::sort(request.installed, [](const auto& left, const auto& right) {
    return apk::name_less(left.package.name, right.package.name);
  });
  request.wish = apk::Wish::available;
  if (change.upgrade_all) request.wish = request.wish | apk::Wish::upgrade;
  for (const std::string& upgraded : change.upgrade)
    request.wishes.push_back({upgraded, apk::Wish::upgrade, apk::Wish::none});
}

/// What is installed may stay in a plan though no repository has it; nobody could fetch it.
void check_offered(const Resolution& resolution) {
  for (const ArchitecturePlan& plan : resolution.plans)
    for (const apk::PlannedPackage& planned : plan.plan.packages)
      if (planned.repository == apk::kNoRepository)
        throw Error(ErrorKind::unsatisfiable,
                    fmt::format("{} is needed for {}, and no repository has it any more",
                                planned.package.label(), plan.architecture.apk))
            .hint("'tarn why' tells who needs it; 'tarn lock' resolves anew");
}

using MakeRequest = std::function<apk::Request(const ArchitecturePlan&)>;

void solve_plans(Resolution& resolution, const MakeRequest& request, const ResolveOptions& options,
                 Progress& progress, const std::stop_token& stop) {
  const apk::Origins origins = origins_of(resolution);
  parallel_for(
      resolution.plans.size(), options.threads,
      [&](std::size_t i) {
        ArchitecturePlan& plan = resolution.plans[i];
        const Span span(progress, "solve", plan.architecture.apk);
        plan.plan = with_context("resolving for " + plan.architecture.apk,
                                 [&] { return apk::resolve(request(plan), origins); });
        leave_out_present(plan);
      },
      stop);
  check_versions(resolution, options);
}

}  // namespace

apk::Keyring read_keyring(const Recipe& recipe, apk::Fetcher& fetcher) {
  apk::Keyring keyring;
  for (const Located& key : recipe.contents.keyring)
    with_context("reading the key of " + key.position.str(),
                 [&] { add_key(keyring, recipe, key.text, fetcher); });
  return keyring;
}

Resolution recipe_resolution(const Recipe& recipe) {
  Resolution resolution;
  resolution.repositories = repositories_to_resolve(recipe);
  resolution.image_repositories = repositories_for_image(recipe);
  if (resolution.repositories.empty())
    throw Error(ErrorKind::usage, recipe.file.string() + ": no repository to resolve with")
        .hint("list one under contents.repositories");
  read_world(recipe, resolution);
  return resolution;
}

std::shared_ptr<const BaseImage> read_recipe_base(const Recipe& recipe,
                                                  const ResolveOptions& options,
                                                  const apk::Architecture& architecture,
                                                  const std::stop_token& stop) {
  if (!recipe.contents.baseimage) return nullptr;
  const Contents::BaseImage& wanted = *recipe.contents.baseimage;
  return with_context(fmt::format("reading the base image of {}", wanted.position.str()), [&] {
    const auto source = open_base(recipe, options);
    const fs::path scratch = options.scratch.empty() ? fs::temp_directory_path() : options.scratch;
    auto base = std::make_shared<BaseImage>(read_base_image(*source, architecture, scratch, stop));
    if (!wanted.apkindex.empty())
      merge_base_index(*base, resolve_path(recipe, wanted.apkindex), architecture);
    return base;
  });
}

std::vector<apk::Architecture> choose_architectures(const Recipe& recipe,
                                                    const ResolveOptions& options) {
  std::vector<apk::Architecture> chosen = options.architectures;
  if (chosen.empty())
    for (const Located& name : recipe.archs) {
      // The recipe's own check knows the names already.
      const auto architecture = apk::Architecture::parse(name.text);
      if (architecture) chosen.push_back(*architecture);
    }
  if (chosen.empty()) chosen = {apk::Architecture::host()};
  std::ranges::sort(chosen, {}, &apk::Architecture::apk);
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return chosen;
}

apk::Request request_for(const Resolution& resolution, const ArchitecturePlan& plan) {
  apk::Request request;
  request.architectures = {plan.architecture.apk};
  request.world = resolution.world;
  request.joined = &plan.index;
  for (const apk::Repository& repository : resolution.repositories)
    request.repositories.push_back({nullptr, repository.tag});
  if (!plan.base) return request;
  for (const apk::InstalledPackage* installed : apk::in_database_order(plan.base->installed)) {
    request.installed.push_back({installed->package, installed->repository_tag});
    request.world.push_back(pinned(*installed));
  }
  return request;
}

std::vector<NamedPlan> named_plans(const Resolution& resolution) {
  std::vector<NamedPlan> plans;
  for (const ArchitecturePlan& plan : resolution.plans)
    plans.push_back({plan.architecture.apk, &plan.plan});
  return plans;
}

FetchedRepositories fetch_repositories(const Recipe& recipe, const ResolveOptions& options,
                                       apk::Fetcher& fetcher, const std::stop_token& stop) {
  FetchedRepositories fetched{recipe_resolution(recipe), {}};
  Resolution& resolution = fetched.resolution;
  const auto architectures = choose_architectures(recipe, options);
  std::vector<std::shared_ptr<const BaseImage>> bases;
  for (const apk::Architecture& architecture : architectures)
    bases.push_back(read_recipe_base(recipe, options, architecture, stop));
  const apk::Keyring keyring = read_keyring(recipe, fetcher);
  fetched.indexes = fetch_indexes(architectures, resolution.repositories, fetcher);
  for (std::size_t a = 0; a < architectures.size(); ++a)
    resolution.plans.push_back({.architecture = architectures[a],
                                .index = {},
                                .keyring = keyring,
                                .index_digests = fetched.indexes[a].digests,
                                .plan = {},
                                .base = std::move(bases[a])});
  return fetched;
}

Resolution read_repositories(FetchedRepositories fetched, const ResolveOptions& options,
                             apk::Fetcher& fetcher, Progress& progress,
                             const std::stop_token& stop) {
  Resolution resolution = std::move(fetched.resolution);
  auto read = read_indexes(std::move(fetched.indexes), resolution.plans.front().keyring,
                           {options.signatures, options.threads}, fetcher, progress, stop);
  for (std::size_t a = 0; a < read.size(); ++a) {
    ArchitecturePlan& plan = resolution.plans[a];
    plan.index = std::move(read[a].index);
    plan.keyring = std::move(read[a].keyring);
    plan.keeping = std::move(read[a].keeping);
  }
  return resolution;
}

Resolution read_repositories(const Recipe& recipe, const ResolveOptions& options,
                             apk::Fetcher& fetcher, Progress& progress,
                             const std::stop_token& stop) {
  return read_repositories(fetch_repositories(recipe, options, fetcher, stop), options, fetcher,
                           progress, stop);
}

void plan_packages(Resolution& resolution, const ResolveOptions& options, Progress& progress,
                   const std::stop_token& stop) {
  const auto request = [&](const ArchitecturePlan& plan) { return request_for(resolution, plan); };
  solve_plans(resolution, request, options, progress, stop);
}

void plan_packages(Resolution& resolution, const PlanChange& change, const ResolveOptions& options,
                   Progress& progress, const std::stop_token& stop) {
  const auto request = [&](const ArchitecturePlan& plan) {
    apk::Request changed = request_for(resolution, plan);
    set_installed(changed, change, plan.architecture.apk);
    return changed;
  };
  solve_plans(resolution, request, options, progress, stop);
  check_offered(resolution);
}

void check_versions(const Resolution& resolution, const ResolveOptions& options) {
  if (options.versions != VersionsAcross::must_agree) return;
  const VersionDifferences differences = find_version_differences(named_plans(resolution));
  if (!differences.packages.empty()) throw different_versions_error(differences);
}

Resolution resolve_recipe(const Recipe& recipe, const ResolveOptions& options,
                          apk::Fetcher& fetcher, Progress& progress, const std::stop_token& stop) {
  Resolution resolution = read_repositories(recipe, options, fetcher, progress, stop);
  plan_packages(resolution, options, progress, stop);
  return resolution;
}

}  // namespace tarn::builder
