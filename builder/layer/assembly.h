#pragma once

#include <cstddef>
#include <stop_token>
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

/// Compresses a segment into the cache, unless it is there.
void keep_segment(const Segment& segment, const PieceCompressor& compressor, LayerCache& cache,
                  const std::stop_token& stop);

}  // namespace tarn::builder
