#pragma once

#include <string>
#include <vector>

#include "builder/image/json.h"
#include "builder/report/image_difference.h"

namespace tarn::builder {

/// Every value that is another in two JSON documents, by name: "config.Env.PATH" (what is
/// NAME=VALUE in a list is a value of its own), "config.Labels.NAME", "history[0].created_by". Not
/// compared is what follows from blobs, each of which is compared itself: digests and sizes of
/// descriptors, diff_ids.
std::vector<ValueDifference> compare_json(const Json& before, const Json& after);

}  // namespace tarn::builder
