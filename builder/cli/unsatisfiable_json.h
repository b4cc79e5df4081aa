#pragma once

#include <nlohmann/json_fwd.hpp>

#include "apk/solver/unsatisfiable.h"

namespace tarn::builder {

/// The error as programs read it:
///   {"error": {"kind": "unsatisfiable", "message", "hint", "contexts", "architectures",
///              "causes": [PROBLEM…], "problems": [PROBLEM…],
///              "second_opinion": {"verdict", "add": [CONSTRAINT…]}}}
/// Causes are what people are told, problems all that was found. A PROBLEM has a stable "code"
/// (apk::code_of), the "name" it is about, and what else is known: who requires it and through
/// which chain, candidates with their repositories, the entries of the recipe that lead to it
/// ("core") and changes of the recipe that were tried and help ("remedies").
nlohmann::ordered_json unsatisfiable_json(const apk::UnsatisfiableError& error);

}  // namespace tarn::builder
