#pragma once

#include "builder/recipe/schema.h"

namespace tarn::builder {

/// `above` merged over `beneath`, by apko's rules for `include`: single values are those of `above`
/// unless it has none (`entrypoint` and `compression` are each one value, and so is the list
/// `archs`); other lists are those of `beneath`, then those of `above`; of mappings all keys, with
/// the values of `above` where both have one.
RecipePart merge_parts(RecipePart beneath, RecipePart above);

/// The recipe that a merged part is; what it leaves open has the default.
Recipe to_recipe(RecipePart part);

}  // namespace tarn::builder
