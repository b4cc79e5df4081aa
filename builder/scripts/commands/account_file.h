#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scripts/command.h"

namespace tarn::builder {

/// The fields of a line of passwd, group or shadow; a line has at most `most`, the last takes the
/// rest.
std::vector<std::string> account_fields(std::string_view line, std::size_t most);
std::string join_fields(const std::vector<std::string>& fields, char separator);

/// One of etc/passwd, etc/group and etc/shadow as busybox' applets edit them: by lines, of which
/// those that are not meant keep their octets.
class AccountFile {
 public:
  enum class Kind { passwd, group, shadow };
  AccountFile(const Invocation& invocation, Kind kind);

  std::string_view path() const;
  bool is_missing() const { return problem_ != 0; }
  /// Complains that the file is missing.
  void complain_missing(std::string_view applet) const;

  const std::vector<std::string>& lines() const { return lines_; }
  /// The sound lines' fields in order: 7 of passwd, 4 of group, 9 of shadow, numbers being ones.
  const std::vector<std::vector<std::string>>& records() const { return records_; }
  /// The first record of that name; of passwd and group also by number. Null when there is none.
  const std::vector<std::string>* find(std::string_view name) const;
  const std::vector<std::string>* find_number(std::uint32_t number) const;
  /// Whether a line begins with that name and ':', be it sound or not.
  bool has_line(std::string_view name) const;

  void append(std::string line);
  /// Replaces the lines of that name.
  void replace(std::string_view name, const std::string& line);
  void erase(std::string_view name);
  /// Writes the file if it was changed.
  void write() const;

 private:
  void read_records();

  const Invocation& invocation_;
  Kind kind_;
  int problem_ = 0;
  bool is_changed_ = false;
  std::vector<std::string> lines_;
  std::vector<std::vector<std::string>> records_;
};

/// A record of group's members.
std::vector<std::string> group_members(const std::vector<std::string>& record);

/// The uid or gid of a record of passwd or group.
std::uint32_t record_number(const std::vector<std::string>& record);

/// Complains in the name of another applet, as one that carries out its work does.
void complain_as(const Invocation& invocation, std::string_view applet, std::string_view text);

}  // namespace tarn::builder
