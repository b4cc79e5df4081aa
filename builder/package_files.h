#pragma once

#include <map>

#include "apk/fetch/fetcher.h"
#include "apk/model/identity.h"
#include "apk/support/file.h"
#include "builder/resolution.h"

namespace tarn::builder {

/// Package files at hand, by identity.
using PackageFiles = std::map<apk::Identity, MappedFile>;

/// Brings the package files of all plans, each once. Throws Error: network, or trust for one that
/// is not what the index lists.
PackageFiles fetch_packages(const Resolution& resolution, apk::Fetcher& fetcher);

}  // namespace tarn::builder
