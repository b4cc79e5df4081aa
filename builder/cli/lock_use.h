#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "apk/fetch/fetcher.h"
#include "apk/support/error.h"
#include "builder/cli/command.h"
#include "builder/cli/recipe_options.h"
#include "builder/lock/apko_lock.h"
#include "builder/lock/lock.h"
#include "builder/lock/recipe_facts.h"
#include "builder/recipe/recipe.h"
#include "builder/resolution.h"

namespace tarn::builder {

/// A recipe as a command has it, to find its lock by.
struct LockedRecipe {
  const RecipeOptions& options;
  const Recipe& recipe;
  const ResolveOptions& resolve;

  /// Where its lock stands.
  std::filesystem::path path() const;
  /// How to resolve it for a lock in place of an older one: also for the architectures that are not
  /// wanted now, but are the recipe's, or where it names none, the older lock's.
  ResolveOptions resolve_all(const std::optional<Lock>& older) const;
  /// What of the lock does not fit; a compression from the command line does not count.
  std::vector<Misfit> misfits(const Lock& lock) const;
  /// The same of a lock of apko's, as far as it can be known without asking for anything.
  std::vector<Misfit> misfits(const ApkoLock& lock) const;
  /// That it does not fit, and what.
  Error misfit_error(ErrorKind kind, const std::vector<Misfit>& misfits) const;
};

/// The lock that stands there, also what one of apko's stands for; nothing where there is none.
/// Whether it fits is not asked. Throws Error as read_lock() and lock_from_apko() do.
std::optional<Lock> find_any_lock(const LockedRecipe& recipe, apk::Fetcher& fetcher,
                                  const Context& context);

/// The lock to work with, and a line that says so; null where there is none to be used. With
/// LockUse::updated the file is written. Throws Error: usage for one that is required and not
/// there, or does not fit, or is apko's and would be written; what find_any_lock() and
/// lock_recipe() throw.
std::shared_ptr<const Lock> choose_lock(const LockedRecipe& recipe, LockUse use,
                                        apk::Fetcher& fetcher, const Context& context);

}  // namespace tarn::builder
