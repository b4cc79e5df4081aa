#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "builder/scripts/script_budget.h"
#include "builder/scripts/script_rootfs.h"
#include "builder/scripts/script_stream.h"

namespace tarn::builder {

/// A text in memory: a pipe, a here-document, a captured output. What is written is counted.
class TextStream : public ScriptStream {
 public:
  explicit TextStream(ScriptBudget& budget, std::string text = {})
      : budget_(budget), text_(std::move(text)) {}
  std::string read(std::size_t most) override;
  bool write(std::string_view text) override;
  std::string_view text() const { return text_; }
  std::string take_text() { return std::move(text_); }

 private:
  ScriptBudget& budget_;
  std::string text_;
  std::size_t at_ = 0;
};

/// /dev/null: empty, and swallows all.
class NullStream : public ScriptStream {
 public:
  std::string read(std::size_t) override { return {}; }
  bool write(std::string_view) override { return true; }
};

/// The writing end of a pipe or terminal seen as input: reading from it is no use that can be
/// told exactly, as is anything done with a descriptor that is closed. Throws NotNative for both.
class ClosedStream : public ScriptStream {
 public:
  std::string read(std::size_t most) override;
  bool write(std::string_view text) override;
};

/// An open file of the rootfs. It follows the file, not its name: NotNative is thrown when it is
/// written to after it was moved or removed.
class FileStream : public ScriptStream {
 public:
  enum class Access { read, write, append, read_write };
  /// The file at `path` is there, and is regular.
  FileStream(ScriptRootfs& files, ScriptBudget& budget, std::string path, Access access);
  std::string read(std::size_t most) override;
  bool write(std::string_view text) override;

 private:
  /// The file's text, loaded again when it has changed.
  const std::string& text();

  ScriptRootfs& files_;
  ScriptBudget& budget_;
  std::string path_;
  Access access_;
  std::shared_ptr<Node> node_;
  std::uint64_t at_ = 0;
  std::string text_;
  Content loaded_;
  bool is_loaded_ = false;
};

}  // namespace tarn::builder
