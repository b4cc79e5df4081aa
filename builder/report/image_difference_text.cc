#include "builder/report/image_difference_text.h"

#include <array>
#include <map>
#include <set>

#include <fmt/core.h>

namespace tarn::builder {
namespace {

constexpr std::size_t most_listed = 50;

/// Octets in units of 1024: "12.3 KiB".
std::string octets_text(std::uint64_t octets) {
  constexpr std::array<const char*, 4> units = {"B", "KiB", "MiB", "GiB"};
  auto value = static_cast<double>(octets);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} B", octets) : fmt::format("{:.1f} {}", value, units[unit]);
}

/// "+1.0 KiB", "-12 B", "0 B".
std::string change_text(std::uint64_t before, std::uint64_t after) {
  if (after > before) return "+" + octets_text(after - before);
  return (before > after ? "-" : "") + octets_text(before - after);
}

std::string sizes_text(std::uint64_t before, std::uint64_t after) {
  if (before == after) return octets_text(after) + ", as before";
  return fmt::format("{} → {} ({})", octets_text(before), octets_text(after),
                     change_text(before, after));
}

std::string value_line(const ValueDifference& value) {
  if (value.before.empty() && value.after.empty()) return value.name;
  const auto shown = [](const std::string& text) {
    return text.empty() ? std::string("none") : line_text(text);
  };
  return fmt::format("{} {} → {}", line_text(value.name), shown(value.before), shown(value.after));
}

/// What changed of a file, in one line.
std::string changes_text(const FileDifference& file) {
  std::string text;
  for (const ValueDifference& value : file.values)
    text += (text.empty() ? "" : ", ") + value_line(value);
  return text;
}

char mark_of(FileChange change) {
  return change == FileChange::added ? '+' : change == FileChange::removed ? '-' : '~';
}

/// The files to list, and how many there are of each kind.
struct FileList {
  std::vector<const FileDifference*> listed;
  std::size_t explained = 0;
  std::size_t left_out = 0;
  std::map<FileChange, std::size_t> counts;

  std::string summary() const {
    const auto count = [this](FileChange change) {
      const auto found = counts.find(change);
      return found != counts.end() ? found->second : 0;
    };
    return fmt::format("{} added, {} removed, {} changed", count(FileChange::added),
                       count(FileChange::removed), count(FileChange::changed));
  }
};

FileList choose_files(const ImageDifference& difference, ListedFiles listed) {
  std::set<std::string> changed_packages;
  for (const PackageDifference& package : difference.packages)
    changed_packages.insert(package.name);
  FileList list;
  for (const FileDifference& file : difference.files) {
    ++list.counts[file.change];
    if (listed == ListedFiles::unexplained && changed_packages.contains(file.package))
      ++list.explained;
    else if (listed == ListedFiles::unexplained && list.listed.size() == most_listed)
      ++list.left_out;
    else
      list.listed.push_back(&file);
  }
  return list;
}

/// What is not listed, as lines.
std::vector<std::string> unlisted(const FileList& list) {
  std::vector<std::string> lines;
  if (list.explained != 0)
    lines.push_back(
        fmt::format("{} of packages that were added, removed or changed", list.explained));
  if (list.left_out != 0) lines.push_back(fmt::format("{} more", list.left_out));
  return lines;
}

std::string file_line(const FileDifference& file) {
  std::string line = fmt::format("{} {}", mark_of(file.change), line_text(file.path));
  if (file.change == FileChange::changed)
    line += ": " + changes_text(file);
  else if (const auto size = file.size_before + file.size_after; size != 0)
    line += " (" + octets_text(size) + ")";
  if (!file.package.empty()) line += fmt::format(" [{}]", file.package);
  return line;
}

std::string versions_text(const PackageDifference& package) {
  if (package.change == PackageChange::added) return package.after;
  if (package.change == PackageChange::removed || package.change == PackageChange::rebuilt)
    return package.before;
  return package.before + " → " + package.after;
}

/// For a cell of a table in Markdown: nothing that would be markup.
std::string cell(const std::string& text) {
  constexpr std::string_view markup = "\\`*_{}[]<>()#+!|&~";
  std::string escaped;
  for (const char c : line_text(text)) {
    if (markup.find(c) != markup.npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

nlohmann::ordered_json or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(text);
}

/// Of locks nothing but packages is known.
bool has_sizes(const ImageDifference& difference) {
  return difference.unpacked_before != 0 || difference.unpacked_after != 0;
}

std::string sizes_line(const ImageDifference& difference) {
  return fmt::format("{} compressed, {} unpacked\n",
                     sizes_text(difference.size_before, difference.size_after),
                     sizes_text(difference.unpacked_before, difference.unpacked_after));
}

}  // namespace

std::string line_text(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet == 0x7f)
      line += fmt::format("\\x{:02x}", octet);
    else
      line += c;
  }
  return line;
}

nlohmann::ordered_json values_json(const std::vector<ValueDifference>& values) {
  auto list = nlohmann::ordered_json::array();
  for (const ValueDifference& value : values)
    list.push_back(
        {{"name", value.name}, {"before", or_null(value.before)}, {"after", or_null(value.after)}});
  return list;
}

nlohmann::ordered_json files_json(const std::vector<FileDifference>& differences) {
  auto files = nlohmann::ordered_json::array();
  for (const FileDifference& file : differences) {
    files.push_back({{"path", file.path},
                     {"change", name_of(file.change)},
                     {"package", or_null(file.package)},
                     {"size_before", file.size_before},
                     {"size_after", file.size_after}});
    if (!file.values.empty()) files.back()["values"] = values_json(file.values);
  }
  return files;
}

std::string difference_text(const ImageDifference& difference, ListedFiles listed) {
  std::string text;
  if (!difference.packages.empty()) text += "packages:\n";
  for (const PackageDifference& package : difference.packages)
    text +=
        fmt::format("  {:<10}  {} {} ({})\n", name_of(package.change), package.name,
                    versions_text(package), change_text(package.size_before, package.size_after));
  const FileList files = choose_files(difference, listed);
  if (!difference.files.empty()) text += fmt::format("files: {}\n", files.summary());
  for (const FileDifference* file : files.listed) text += "  " + file_line(*file) + "\n";
  for (const std::string& line : unlisted(files)) text += "  … " + line + "\n";
  if (!difference.config.empty()) text += "config:\n";
  for (const ValueDifference& value : difference.config) text += "  " + value_line(value) + "\n";
  if (has_sizes(difference)) text += "size: " + sizes_line(difference);
  return text;
}

std::string difference_markdown(const ImageDifference& difference, ListedFiles listed) {
  std::string text = has_sizes(difference) ? sizes_line(difference) : std::string();
  if (!difference.packages.empty())
    text += "\n| package | | before | after | installed |\n| --- | --- | --- | --- | ---: |\n";
  for (const PackageDifference& package : difference.packages)
    text += fmt::format("| {} | {} | {} | {} | {} |\n", cell(package.name), name_of(package.change),
                        cell(package.before), cell(package.after),
                        change_text(package.size_before, package.size_after));
  if (!difference.config.empty()) text += "\n| config | before | after |\n| --- | --- | --- |\n";
  for (const ValueDifference& value : difference.config)
    text +=
        fmt::format("| {} | {} | {} |\n", cell(value.name), cell(value.before), cell(value.after));
  const FileList files = choose_files(difference, listed);
  if (difference.files.empty()) return text;
  text += fmt::format("\n<details><summary>files: {}</summary>\n\n", files.summary());
  for (const FileDifference* file : files.listed)
    text += fmt::format("* {}\n", cell(file_line(*file)));
  for (const std::string& line : unlisted(files)) text += "* … " + line + "\n";
  return text + "\n</details>\n";
}

nlohmann::ordered_json difference_json(const ImageDifference& difference) {
  auto packages = nlohmann::ordered_json::array();
  for (const PackageDifference& package : difference.packages)
    packages.push_back({{"name", package.name},
                        {"change", name_of(package.change)},
                        {"before", or_null(package.before)},
                        {"after", or_null(package.after)},
                        {"installed_size_before", package.size_before},
                        {"installed_size_after", package.size_after}});
  nlohmann::ordered_json json = {{"packages", std::move(packages)},
                                 {"files", files_json(difference.files)},
                                 {"config", values_json(difference.config)}};
  if (!has_sizes(difference)) return json;
  json["size"] = {{"before", difference.size_before}, {"after", difference.size_after}};
  json["unpacked_size"] = {{"before", difference.unpacked_before},
                           {"after", difference.unpacked_after}};
  return json;
}

}  // namespace tarn::builder
