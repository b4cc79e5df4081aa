#include "builder/cli/lock_use.h"

#include <fmt/core.h>

#include "apk/support/file.h"
#include "builder/apko_locking.h"
#include "builder/lock/lock_file.h"
#include "builder/locking.h"

namespace tarn::builder {
namespace {

/// The compression of this run is not the recipe's, of which the lock tells.
void keep_compression(const std::optional<Lock>& found, Lock& lock) {
  lock.recipe.parts.erase("compression");
  if (!found) return;
  const auto part = found->recipe.parts.find("compression");
  if (part != found->recipe.parts.end()) lock.recipe.parts.insert(*part);
}

/// Makes the lock, or makes it fit, and writes it if it has become another.
Lock bring_up_to_date(const LockedRecipe& recipe, const std::optional<Lock>& found,
                      apk::Fetcher& fetcher, const Context& context) {
  const ResolveOptions resolve = recipe.resolve_all(found);
  Lock lock =
      found ? fit_lock(recipe.recipe, *found, resolve, fetcher, context.progress, context.stop)
            : lock_recipe(recipe.recipe, {}, resolve, fetcher, context.progress, context.stop);
  if (recipe.options.compression) keep_compression(found, lock);
  const std::string text = write_lock(lock);
  if (!found || text != write_lock(*found)) {
    write_file(recipe.path(), text);
    context.progress.note(NoteLevel::info, fmt::format("wrote {}", recipe.path().string()));
  }
  return lock;
}

/// That a lock of apko's is of the recipe's text. Throws Error (usage) where it is of another.
void check_apko_lock(const LockedRecipe& recipe, const Context& context) {
  const ApkoLock locked = read_apko_lock_file(recipe.path());
  const auto misfits = recipe.misfits(locked);
  if (!misfits.empty()) throw recipe.misfit_error(ErrorKind::usage, misfits);
  if (!locked.configuration)
    context.progress.note(NoteLevel::warning, fmt::format("{} does not say of which recipe it is",
                                                          recipe.path().string()));
}

}  // namespace

std::filesystem::path LockedRecipe::path() const {
  return lock_path(options.recipe, options.variant);
}

ResolveOptions LockedRecipe::resolve_all(const std::optional<Lock>& older) const {
  ResolveOptions all = resolve;
  all.architectures = choose_architectures(recipe, resolve);
  const auto add = [&](const std::string& name) {
    if (const auto architecture = apk::Architecture::parse(name))
      all.architectures.push_back(*architecture);
  };
  for (const Located& name : recipe.archs) add(name.text);
  if (recipe.archs.empty() && older)
    for (const LockedArchitecture& locked : older->architectures) add(locked.architecture);
  return all;
}

std::vector<Misfit> LockedRecipe::misfits(const Lock& lock) const {
  auto misfits = find_misfits(recipe, lock, resolve);
  if (options.compression)
    std::erase_if(misfits, [](const Misfit& misfit) { return misfit.part == "compression"; });
  return misfits;
}

std::vector<Misfit> LockedRecipe::misfits(const ApkoLock& lock) const {
  LoadOptions load;
  if (!options.variant.empty()) load.variant = options.variant;
  load.vars = parse_vars(options.vars);
  load.include_paths = options.include_paths;
  return find_text_misfits(recipe, load, lock);
}

Error LockedRecipe::misfit_error(ErrorKind kind, const std::vector<Misfit>& misfits) const {
  const std::string name = options.recipe.string();
  Error error(kind, fmt::format("{} does not fit {} any more", path().string(), name));
  for (const Misfit& misfit : misfits) error.detail(misfit.part, misfit.change);
  if (is_apko_lock(path()))
    return std::move(error).hint(
        "'apko lock' makes it fit, and 'tarn lock' one of tarn's, where it is moved away");
  error.hint(
      fmt::format("'tarn lock --keep {0}' makes it fit and keeps all versions that it can, "
                  "'tarn lock --update {0}' takes the newest",
                  name));
  return error;
}

std::optional<Lock> find_any_lock(const LockedRecipe& recipe, apk::Fetcher& fetcher,
                                  const Context& context) {
  if (!is_apko_lock(recipe.path())) return find_lock(recipe.path());
  return lock_from_apko(recipe.recipe, read_apko_lock_file(recipe.path()), recipe.resolve, fetcher,
                        context.stop);
}

std::shared_ptr<const Lock> choose_lock(const LockedRecipe& recipe, LockUse use,
                                        apk::Fetcher& fetcher, const Context& context) {
  if (use == LockUse::ignored) return nullptr;
  const std::filesystem::path path = recipe.path();
  const bool is_apkos = is_apko_lock(path) && use != LockUse::updated;
  if (is_apkos) check_apko_lock(recipe, context);
  std::optional<Lock> lock =
      use == LockUse::updated ? find_lock(path) : find_any_lock(recipe, fetcher, context);
  if (use == LockUse::updated) {
    lock = bring_up_to_date(recipe, lock, fetcher, context);
  } else if (!lock) {
    if (use == LockUse::automatic) return nullptr;
    throw Error(ErrorKind::usage, fmt::format("there is no {}", path.string()))
        .hint(fmt::format("'tarn lock {}' makes it", recipe.options.recipe.string()));
  } else if (const auto misfits =
                 is_apkos ? find_unmet_wishes(recipe.recipe, *lock) : recipe.misfits(*lock);
             !misfits.empty()) {
    throw recipe.misfit_error(ErrorKind::usage, misfits);
  }
  context.progress.note(NoteLevel::info, fmt::format("using {}{}", path.string(),
                                                     is_apkos ? ", which apko wrote" : ""));
  return std::make_shared<const Lock>(*std::move(lock));
}

}  // namespace tarn::builder
