#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "builder/layer/compressor.h"
#include "builder/layer/layer.h"
#include "builder/layer/layer_cache.h"
#include "builder/layer/segments.h"

namespace tarn::builder {

/// Whether segments of that kind are kept: those that other images have too.
bool is_kept(const Segment& segment);

/// Puts a layer together: segments from the cache where it has them, the others compressed, joined
/// into one stream. What was made goes into the cache. A damaged segment of the cache is made anew.
Layer assemble_layer(const std::vector<Segment>& segments, const PieceCompressor& compressor,
                     LayerCache& cache, std::size_t threads, const std::stop_token& stop);

/// In how many pieces it is compressed.
std::size_t piece_count(const Segment& segment);

/// What it is called in measurements.
std::string label_of(const Segment& segment);

}  // namespace tarn::builder
