#include "builder/scripts/commands/account_file.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "builder/scripts/commands/file_access.h"

namespace tarn::builder {
namespace {

bool is_of(std::string_view line, std::string_view name) {
  return line.size() > name.size() && line[name.size()] == ':' && line.starts_with(name);
}

std::size_t field_count(AccountFile::Kind kind) {
  switch (kind) {
    case AccountFile::Kind::passwd:
      return 7;
    case AccountFile::Kind::group:
      return 4;
    case AccountFile::Kind::shadow:
      break;
  }
  return 9;
}

bool is_sound(AccountFile::Kind kind, const std::vector<std::string>& fields) {
  if (fields.size() != field_count(kind)) return false;
  if (kind == AccountFile::Kind::shadow) return true;
  if (!parse_decimal(fields[2])) return false;
  return kind == AccountFile::Kind::group || parse_decimal(fields[3]).has_value();
}

}  // namespace

std::vector<std::string> account_fields(std::string_view line, std::size_t most) {
  std::vector<std::string> fields;
  while (fields.size() + 1 < most) {
    const auto end = line.find(':');
    if (end == std::string_view::npos) break;
    fields.emplace_back(line.substr(0, end));
    line.remove_prefix(end + 1);
  }
  fields.emplace_back(line);
  return fields;
}

std::string join_fields(const std::vector<std::string>& fields, char separator) {
  std::string text;
  for (const auto& field : fields) {
    if (&field != &fields.front()) text += separator;
    text += field;
  }
  return text;
}

AccountFile::AccountFile(const Invocation& invocation, Kind kind)
    : invocation_(invocation), kind_(kind) {
  std::string text;
  problem_ = invocation.files.read(path(), text);
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    lines_.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  invocation.budget.spend_steps(lines_.size());
  read_records();
}

std::string_view AccountFile::path() const {
  switch (kind_) {
    case Kind::passwd:
      return "/etc/passwd";
    case Kind::group:
      return "/etc/group";
    case Kind::shadow:
      break;
  }
  return "/etc/shadow";
}

void AccountFile::complain_missing(std::string_view applet) const {
  complain_as(invocation_, applet, fmt::format("{}: {}", path(), error_text(problem_)));
}

void AccountFile::read_records() {
  records_.clear();
  for (const auto& line : lines_) {
    auto fields = account_fields(line, field_count(kind_));
    if (is_sound(kind_, fields)) records_.push_back(std::move(fields));
  }
}

const std::vector<std::string>* AccountFile::find(std::string_view name) const {
  for (const auto& record : records_)
    if (record.front() == name) return &record;
  return nullptr;
}

const std::vector<std::string>* AccountFile::find_number(std::uint32_t number) const {
  for (const auto& record : records_)
    if (record_number(record) == number) return &record;
  return nullptr;
}

bool AccountFile::has_line(std::string_view name) const {
  return std::any_of(lines_.begin(), lines_.end(),
                     [&](const std::string& line) { return is_of(line, name); });
}

void AccountFile::append(std::string line) {
  lines_.push_back(std::move(line));
  is_changed_ = true;
  read_records();
}

void AccountFile::replace(std::string_view name, const std::string& line) {
  for (auto& there : lines_) {
    if (!is_of(there, name)) continue;
    there = line;
    is_changed_ = true;
  }
  read_records();
}

void AccountFile::erase(std::string_view name) {
  const auto gone =
      std::erase_if(lines_, [&](const std::string& line) { return is_of(line, name); });
  is_changed_ = is_changed_ || gone != 0;
  read_records();
}

void AccountFile::write() const {
  if (!is_changed_) return;
  std::string text;
  for (const auto& line : lines_) text.append(line).append("\n");
  write_file(invocation_, path(), text);
}

std::vector<std::string> group_members(const std::vector<std::string>& record) {
  std::vector<std::string> members;
  std::string_view rest = record.back();
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    members.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return members;
}

std::uint32_t record_number(const std::vector<std::string>& record) {
  return parse_decimal(record[2]).value_or(0);
}

void complain_as(const Invocation& invocation, std::string_view applet, std::string_view text) {
  invocation.error.write(fmt::format("{}: {}\n", applet, text));
}

}  // namespace tarn::builder
