#pragma once

#include <string>

#include "apk/solver/diagnosis.h"
#include "apk/solver/wording.h"

namespace tarn::apk {

/// What the reader can do about the first cause, or about all. Changes of world that it names were
/// tried.
std::string advice(const Diagnosis& diagnosis, const Wording& wording);

}  // namespace tarn::apk
