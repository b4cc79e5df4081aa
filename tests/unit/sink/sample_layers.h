#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "builder/layer/tar.h"
#include "builder/sink/octet_sink.h"
#include "unit/sink/sample_images.h"

namespace tarn::test {

/// Keeps what is written.
class StringSink : public builder::OctetSink {
 public:
  void write(ByteView bytes) override { text += as_text(bytes); }
  std::string text;
};

/// A layer of these records, each with its content, as it would come from elsewhere.
inline builder::Layer layer_of(
    const std::vector<std::pair<builder::TarHeader, std::string>>& records) {
  std::string tar;
  for (const auto& [header, content] : records) {
    builder::TarHeader sized = header;
    sized.size = content.size();
    tar += builder::tar_header(sized) + content;
    tar.append(builder::tar_padding(content.size()), '\0');
  }
  tar += builder::tar_end();
  const TemporaryDirectory folder(std::filesystem::temp_directory_path() / "tarn-sink-");
  const auto path = folder.path() / "layer.tar";
  write_file(path, tar);
  builder::Layer layer;
  layer.blob = MappedFile::open(path);
  layer.digest = layer.diff_id = sha256(tar);
  layer.size = layer.tar_size = tar.size();
  layer.media_type = "application/vnd.oci.image.layer.v1.tar";
  return layer;
}

inline builder::TarHeader record(std::string path, builder::TarType type, std::string link = {}) {
  builder::TarHeader header;
  header.path = std::move(path);
  header.type = type;
  header.link = std::move(link);
  header.mode = type == builder::TarType::directory ? 0755 : 0644;
  return header;
}

}  // namespace tarn::test
