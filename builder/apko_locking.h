#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "apk/fetch/fetcher.h"
#include "builder/lock/apko_lock.h"
#include "builder/lock/lock.h"
#include "builder/lock/recipe_facts.h"
#include "builder/recipe/load.h"
#include "builder/recipe/recipe.h"
#include "builder/resolution.h"

namespace tarn::builder {

/// What of a lock of apko's does not fit the recipe that `load` and its file give, without asking
/// for anything: that its text has changed. Line ends do not count. Of a lock that says nothing of
/// its recipe, or of a recipe of which parts come from the network, nothing can be said.
std::vector<Misfit> find_text_misfits(const Recipe& recipe, const LoadOptions& load,
                                      const ApkoLock& lock);

/// What the recipe asks for and a lock's packages do not give, for the architectures of the lock.
std::vector<Misfit> find_unmet_wishes(const Recipe& recipe, const Lock& lock);

/// The lock of tarn's that a lock of apko's stands for, of the architectures that are wanted: the
/// packages are brought, since what else a lock has stands in them, and so are keys of the recipe.
/// Throws Error: network, trust for a package that is not the locked one, and usage for one of none
/// of the recipe's repositories, an architecture that is not locked, and a recipe with a base
/// image.
Lock lock_from_apko(const Recipe& recipe, const ApkoLock& locked, const ResolveOptions& options,
                    apk::Fetcher& fetcher, const std::stop_token& stop);

}  // namespace tarn::builder
