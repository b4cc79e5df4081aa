#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "apk/fetch/fetcher.h"
#include "apk/support/progress.h"
#include "builder/lock/lock.h"
#include "builder/lock/recipe_facts.h"
#include "builder/recipe/recipe.h"
#include "builder/resolution.h"

namespace tarn::builder {

/// What is to be locked.
struct LockRequest {
  const Lock* older = nullptr;       ///< to change as little of as can be; null: none
  std::vector<std::string> upgrade;  ///< of its packages, by name
  bool upgrade_all = false;
};

/// recipe ─ indexes ─ solver ─ lock: no package is brought. Throws Error as resolve_recipe() does,
/// and usage for a name in `upgrade` that is neither in the older lock nor in the recipe.
Lock lock_recipe(const Recipe& recipe, const LockRequest& request, const ResolveOptions& options,
                 apk::Fetcher& fetcher, Progress& progress, const std::stop_token& stop);

/// The same up to the plans; with the repositories' indexes.
Resolution resolve_for_lock(const Recipe& recipe, const LockRequest& request,
                            const ResolveOptions& options, apk::Fetcher& fetcher,
                            Progress& progress, const std::stop_token& stop);

/// What of a recipe counts for its lock, with what it names on the host. Throws Error: usage for
/// the recipe's own mistakes, failed for what cannot be read.
RecipeFacts facts_with_sources(const Recipe& recipe);

/// The lock of what a recipe resolved to with these options.
Lock make_lock(const Recipe& recipe, const Resolution& resolution, const ResolveOptions& options);

/// The lock made to fit the recipe as it is now: its packages stay, but for what the recipe makes
/// necessary. Nothing is asked for where that is nothing.
Lock fit_lock(const Recipe& recipe, const Lock& lock, const ResolveOptions& options,
              apk::Fetcher& fetcher, Progress& progress, const std::stop_token& stop);

/// What of the lock does not fit the recipe (with what it names on the host) and the architectures
/// that are wanted. Asks for nothing. Throws Error (usage) for the recipe's own mistakes.
std::vector<Misfit> find_misfits(const Recipe& recipe, const Lock& lock,
                                 const ResolveOptions& options);

/// The plans of a lock that fits the recipe; asks for nothing but a base image. Throws Error:
/// usage for a base image that is not the locked one, and for architectures that differ where they
/// must not.
Resolution locked_resolution(const Recipe& recipe, const Lock& lock, const ResolveOptions& options,
                             const std::stop_token& stop);

/// Gives each plan an index of its own packages, in place of those of the repositories.
void index_locked_packages(Resolution& resolution);

}  // namespace tarn::builder
