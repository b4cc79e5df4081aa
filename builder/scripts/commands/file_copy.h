#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "builder/scripts/command.h"

namespace tarn::builder {

/// How cp copies.
struct CopyRules {
  bool is_recursive = false;
  bool keeps_all = false;  ///< owner, mode and time, else the mode less the umask
  bool is_silent = false;  ///< nothing is complained of
  /// Which symbolic links are read; the others are copied as links.
  enum class Follow { none, operands, all };
  Follow follow = Follow::none;
  /// What becomes of a file: a copy of it, or a name for it.
  enum class Make { copy, hard_link, symlink };
  Make make = Make::copy;
};

/// Copies files and trees with the complaints of busybox' cp: a file that is there is replaced by
/// a new one. One copier is used for a whole call: it keeps hard links among what it copies.
class FileCopier {
 public:
  FileCopier(const Invocation& invocation, const CopyRules& rules)
      : invocation_(invocation), rules_(rules) {}

  /// Copies `from` to `to` (as the script wrote them); false, complained of, if anything failed.
  bool copy(const std::string& from, const std::string& to);

 private:
  bool copy_entry(const std::string& from, const std::string& to, bool follows);
  bool copy_directory(const std::string& from, const std::string& to, const Node& source,
                      const Node* goal);
  bool copy_file(const std::string& to, const std::shared_ptr<Node>& source, bool is_there);
  bool make_name(const std::string& from, const std::string& to, bool is_there);
  bool clear_way(const std::string& to, bool is_there);
  void keep_attributes(const std::string& place, const Node& source);
  bool refuse(const std::string& text) const;
  bool fail(std::string_view what, const std::string& path, int problem) const;

  const Invocation& invocation_;
  CopyRules rules_;
  /// Where files were copied to, and the folders copied to, which are not copied themselves; only
  /// looked up.
  std::map<const Node*, std::string> copies_;
  std::set<const Node*> goals_;
};

}  // namespace tarn::builder
