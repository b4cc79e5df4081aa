#pragma once

#include <functional>
#include <stop_token>

#include "builder/scripts/sandbox_ids.h"

namespace tarn::builder {

/// Does the work in a process of its own that is root of a user namespace with those ids; what it
/// throws arrives here as Error (failed). After a stop it is ended, wherever it is, and Error
/// (interrupted) is thrown. The work must not take locks that another thread may hold.
void run_as_namespace_root(const IdMap& ids, const std::function<void()>& work,
                           const std::stop_token& stop);

}  // namespace tarn::builder
