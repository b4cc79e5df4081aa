#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apk/support/file.h"
#include "builder/sink/sink.h"
#include "unit/layer/sample_rootfs.h"
#include "unit/layer/scratch_cache.h"

namespace tarn::test {

/// Small images for the architectures named, all with one layer, which `content` is in.
inline builder::Images sample_images(const std::vector<std::string>& architectures,
                                     const std::string& tag, const std::string& content = "x") {
  using namespace builder;
  Rootfs rootfs = sample_rootfs();
  rootfs.write_file("content", content, Owner{});
  test::ScratchCache scratch;
  LayerOptions options;
  options.compression.level = 1;
  const Layer layer = write_layer(rootfs, options, scratch.cache, {});
  Images images;
  for (const std::string& name : architectures) {
    ImageFacts facts;
    facts.architecture = *apk::Architecture::parse(name);
    images.images.push_back(make_image(Recipe{}, facts, {layer}));
  }
  images.index = make_image_index(images.images, {});
  images.tag = tag;
  return images;
}

}  // namespace tarn::test
