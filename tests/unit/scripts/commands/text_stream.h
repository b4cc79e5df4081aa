#pragma once

#include <string>
#include <string_view>

#include "builder/scripts/script_stream.h"

namespace tarn::test {

/// A stream over a text in memory: what was written follows what is there.
class TextStream : public builder::ScriptStream {
 public:
  TextStream() = default;
  explicit TextStream(std::string_view contents) : text(contents) {}
  std::string read(std::size_t most) override {
    std::string part = text.substr(at_, most);
    at_ += part.size();
    return part;
  }
  bool write(std::string_view more) override {
    text += more;
    return true;
  }
  std::string text;

 private:
  std::size_t at_ = 0;
};

}  // namespace tarn::test
