#include "builder/layer/deflate_blocks.h"

#include "builder/layer/deflate_reader.h"

namespace tarn::builder {
namespace {

struct NoSink {
  void literals(std::uint64_t) const {}
  void match(unsigned, unsigned) const {}
};

}  // namespace

FinalBlock find_final_block(ByteView deflated) {
  const NoSink sink;
  const DeflateEnd found = DeflateReader<const NoSink>(deflated, sink).run();
  return {found.final_block, found.end, found.size};
}

}  // namespace tarn::builder
