#include "builder/package_files.h"

#include <filesystem>
#include <string>
#include <utility>

#include "apk/package/package_file.h"
#include "apk/support/error.h"
#include "apk/support/parallel.h"

namespace tarn::builder {
namespace {

/// Throws Error (trust) unless the octets are the package the index lists.
void verify_package(ByteView bytes, const std::string& name, const apk::Identity& identity) {
  try {
    const auto file = apk::PackageFile::parse(bytes, name);
    file.verify_identity(identity);
    file.verify_data_hash();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::failed) throw;
    // It cannot even be read, so it is not what was listed: damaged, or another file.
    throw Error(ErrorKind::trust, name + " is not the package the index lists: " + error.message())
        .detail("expected", "a package with the identity " + identity.str())
        .detail("found", "a file that is no package");
  }
}

apk::Wanted wanted_package(const Resolution& resolution, const apk::PlannedPackage& planned) {
  const apk::Package& package = planned.package;
  const Url url = resolution.repositories[planned.repository].package_url(package);
  std::vector<Url> others;
  if (resolution.sources == PackageSources::any)
    for (const apk::Repository& repository : resolution.repositories)
      others.push_back(repository.package_url(package));
  return {.label = package.label(),
          .kind = "package",
          .key = package.identity.hex(),
          .url = url,
          .others = std::move(others),
          .size = package.size,
          .verify = [identity = package.identity, name = url.str()](ByteView bytes) {
            verify_package(bytes, name, identity);
          }};
}

bool is_regular_file(const std::filesystem::path& path, std::uint64_t size) {
  std::error_code status;
  return std::filesystem::is_regular_file(path, status) &&
         std::filesystem::file_size(path, status) == size && !status;
}

}  // namespace

/// Where one package comes from, and what has come of it.
struct PackageFiles::Source {
  /// In the background; what is not is opened when it is asked for.
  enum class Fetch { none, awaited, there, taken };

  apk::Wanted wanted;
  std::optional<apk::StoreEntry> listing;
  Fetch fetch = Fetch::none;
  MappedFile file;  ///< while it is there
};

PackageFiles::PackageFiles(const Resolution& resolution, apk::Fetcher& fetcher, std::size_t threads,
                           const std::stop_token& stop)
    : PackageFiles(resolution, fetcher, fetcher.store(), threads, stop) {}

PackageFiles::PackageFiles(const Resolution& resolution, apk::Fetcher& fetcher,
                           apk::Store& listings, std::size_t threads, const std::stop_token& stop)
    : fetcher_(fetcher), listings_(listings), link_(stop, [this] { cancel_.request_stop(); }) {
  std::vector<std::pair<const apk::Identity*, Source*>> all;
  for (const ArchitecturePlan& plan : resolution.plans)
    for (const apk::PlannedPackage& planned : plan.plan.packages) {
      // Size 0 means there is nothing but metadata: apk never fetches such a package.
      if (planned.package.installed_size == 0) continue;
      const auto [place, is_new] =
          sources_.try_emplace(planned.package.identity, std::make_unique<Source>());
      if (!is_new) continue;
      place->second->wanted = wanted_package(resolution, planned);
      all.emplace_back(&place->first, place->second.get());
    }
  parallel_for(
      all.size(), threads, [&](std::size_t i) { look_at_hand(*all[i].first, *all[i].second); },
      stop);

  std::vector<Source*> coming;
  for (const auto& [identity, source] : all)
    if (source->fetch == Source::Fetch::awaited) coming.push_back(source);
  if (!coming.empty()) fetching_ = std::jthread([this, coming] { fetch(coming); });
}

PackageFiles::~PackageFiles() {
  cancel_.request_stop();
}

void PackageFiles::fetch(const std::vector<Source*>& coming) {
  std::exception_ptr failure;
  try {
    std::vector<apk::Wanted> wanted;
    for (const Source* source : coming) wanted.push_back(source->wanted);
    fetcher_.fetch_fixed(
        wanted,
        [&](std::size_t i, MappedFile file) {
          const std::lock_guard lock(mutex_);
          coming[i]->file = std::move(file);
          coming[i]->fetch = Source::Fetch::there;
          changed_.notify_all();
        },
        cancel_.get_token());
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  failure_ = failure;
  ended_ = true;
  changed_.notify_all();
}

/// What is in the store or a local repository is opened when it is asked for.
void PackageFiles::look_at_hand(const apk::Identity& identity, Source& source) const {
  source.listing = listings_.find(identity);
  if (source.listing) return;
  const apk::Wanted& wanted = source.wanted;
  bool is_there = false;
  if (wanted.url.is_local()) {
    is_there = is_regular_file(wanted.url.path(), *wanted.size);
  } else {
    const apk::Store& store = fetcher_.store();
    const auto entry = store.find(wanted.kind, wanted.key);
    is_there = entry && is_regular_file(store.blob_path(entry->blob), *wanted.size);
  }
  if (!is_there) source.fetch = Source::Fetch::awaited;
}

const PackageFiles::Source& PackageFiles::source_of(const apk::Package& package) const {
  const auto found = sources_.find(package.identity);
  if (found == sources_.end())
    throw Error(ErrorKind::failed, "no plan has the package " + package.label());
  return *found->second;
}

std::optional<apk::PackageListing> PackageFiles::find_listing(const apk::Package& package) const {
  const auto& entry = source_of(package).listing;
  return entry ? listings_.open(*entry) : std::nullopt;
}

void PackageFiles::keep_listing(const apk::Package& package, const apk::PackageListing& listing) {
  listings_.put(package.identity, listing);
}

bool PackageFiles::await(const apk::Package& package, const std::stop_token& stop) {
  const Source& source = source_of(package);
  std::unique_lock lock(mutex_);
  if (source.fetch != Source::Fetch::awaited || ended_) return false;
  changed_.wait(lock, stop, [&] { return source.fetch != Source::Fetch::awaited || ended_; });
  return true;
}

MappedFile PackageFiles::file(const apk::Package& package, const std::stop_token& stop) {
  await(package, stop);
  throw_if_stopped(stop);
  Source& source = *sources_.at(package.identity);
  {
    const std::lock_guard lock(mutex_);
    if (source.fetch == Source::Fetch::awaited && failure_) std::rethrow_exception(failure_);
    if (source.fetch == Source::Fetch::there) {
      source.fetch = Source::Fetch::taken;
      return std::exchange(source.file, {});
    }
  }
  MappedFile result;
  fetcher_.fetch_fixed(
      {source.wanted}, [&](std::size_t, MappedFile file) { result = std::move(file); }, stop);
  return result;
}

std::function<MappedFile()> PackageFiles::opener(const apk::Package& package) const {
  return [&fetcher = fetcher_, wanted = source_of(package).wanted] {
    return fetcher.fetch_fixed({wanted}).front();
  };
}

}  // namespace tarn::builder
