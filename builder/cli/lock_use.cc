#include "builder/cli/lock_use.h"

#include <fmt/core.h>

#include "apk/support/file.h"
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

Error LockedRecipe::misfit_error(ErrorKind kind, const std::vector<Misfit>& misfits) const {
  const std::string name = options.recipe.string();
  Error error(kind, fmt::format("{} does not fit {} any more", path().string(), name));
  for (const Misfit& misfit : misfits) error.detail(misfit.part, misfit.change);
  error.hint(
      fmt::format("'tarn lock --keep {0}' makes it fit and keeps all versions that it can, "
                  "'tarn lock --update {0}' takes the newest",
                  name));
  return error;
}

std::shared_ptr<const Lock> choose_lock(const LockedRecipe& recipe, LockUse use,
                                        apk::Fetcher& fetcher, const Context& context) {
  if (use == LockUse::ignored) return nullptr;
  const std::filesystem::path path = recipe.path();
  if (use == LockUse::automatic && is_apko_lock(path)) {
    context.progress.note(NoteLevel::warning,
                          fmt::format("{} was written by apko: it is not used", path.string()));
    return nullptr;
  }
  std::optional<Lock> lock = find_lock(path);
  if (use == LockUse::updated) {
    lock = bring_up_to_date(recipe, lock, fetcher, context);
  } else if (!lock) {
    if (use == LockUse::automatic) return nullptr;
    throw Error(ErrorKind::usage, fmt::format("there is no {}", path.string()))
        .hint(fmt::format("'tarn lock {}' makes it", recipe.options.recipe.string()));
  } else if (const auto misfits = recipe.misfits(*lock); !misfits.empty()) {
    throw recipe.misfit_error(ErrorKind::usage, misfits);
  }
  context.progress.note(NoteLevel::info, fmt::format("using {}", path.string()));
  return std::make_shared<const Lock>(*std::move(lock));
}

}  // namespace tarn::builder
