#include "builder/scripts/shell_streams.h"

#include <algorithm>
#include <utility>

#include "builder/scripts/command.h"

namespace tarn::builder {

std::string TextStream::read(std::size_t most) {
  auto part = text_.substr(std::min(at_, text_.size()), most);
  at_ += part.size();
  return part;
}

bool TextStream::write(std::string_view text) {
  budget_.spend_octets(text.size());
  text_ += text;
  return true;
}

std::string ClosedStream::read(std::size_t) {
  throw NotNative("reading from a descriptor that is not open for it");
}

bool ClosedStream::write(std::string_view text) {
  if (text.empty()) return true;
  throw NotNative("writing to a descriptor that is not open for it");
}

FileStream::FileStream(ScriptRootfs& files, ScriptBudget& budget, std::string path, Access access)
    : files_(files), budget_(budget), path_(std::move(path)), access_(access) {
  if (const auto* entry = files_.find(path_, ScriptRootfs::Follow::last); entry != nullptr)
    node_ = entry->node;
}

const std::string& FileStream::text() {
  const auto& content = node_->content;
  if (!is_loaded_ || loaded_.source != content.source || loaded_.offset != content.offset ||
      loaded_.size != content.size) {
    budget_.spend_octets(content.size);
    text_ = content.read();
    loaded_ = content;
    is_loaded_ = true;
  }
  return text_;
}

std::string FileStream::read(std::size_t most) {
  if (access_ != Access::read && access_ != Access::read_write)
    throw NotNative("reading from a descriptor that is not open for it");
  const auto& all = text();
  const auto start = static_cast<std::size_t>(std::min<std::uint64_t>(at_, all.size()));
  auto part = all.substr(start, most);
  at_ += part.size();
  return part;
}

bool FileStream::write(std::string_view written) {
  if (access_ == Access::read) throw NotNative("writing to a descriptor that is not open for it");
  if (written.empty()) return true;
  const auto* entry = files_.find(path_, ScriptRootfs::Follow::last);
  if (entry == nullptr || entry->node != node_)
    throw NotNative("writing to a file after it was moved or removed");
  budget_.spend_octets(written.size());
  const auto size = node_->content.size;
  int problem = 0;
  if (access_ == Access::append || at_ == size) {
    problem = files_.write(path_, written, ScriptRootfs::Writing::append, 0);
    at_ = size + written.size();
  } else {
    auto all = text();
    budget_.spend_octets(all.size());
    const auto start = static_cast<std::size_t>(at_);
    if (all.size() < start + written.size()) all.resize(start + written.size());
    all.replace(start, written.size(), written);
    problem = files_.write(path_, all, ScriptRootfs::Writing::truncate, 0);
    at_ += written.size();
  }
  if (problem != 0) throw NotNative("writing to a file that can no longer be written");
  return true;
}

}  // namespace tarn::builder
