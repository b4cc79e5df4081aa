#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "builder/report/size_json.h"
#include "builder/report/size_page.h"

namespace tarn::builder {
namespace {

using Json = nlohmann::ordered_json;

Json triple(const SizeShare& share) {
  return {share.installed, share.compressed, share.files};
}

/// The entries of an image as columns of a table: much smaller than one object an entry.
class FileColumns {
 public:
  /// Directories have a number, the root the first one; an entry without a name is the directory
  /// itself.
  void add_directories(const std::vector<TreeSize>& children, const std::string& prefix,
                       std::size_t parent) {
    for (const TreeSize& child : children) {
      if (child.children.empty()) continue;
      const std::string path = prefix + child.name;
      numbers_[path] = parents_.size() + 1;
      parents_.push_back(parent);
      names_.push_back(child.name);
      add_directories(child.children, path + "/", parents_.size());
    }
  }

  void add(const FileSize& file) {
    if (const auto found = numbers_.find(file.path); found != numbers_.end())
      return add_row(found->second, "", file);
    const auto [folder, name] = split(file.path);
    add_row(folder, Json(name), file);
  }

  /// Adds to what is counted together.
  void gather(const FileSize& file) {
    const std::size_t folder = split(file.path).first;
    SizeShare& share = gathered_[{folder, file.package, file.type}];
    share.add(file.share);
    ++counts_[{folder, file.package, file.type}];
  }

  Json take() {
    for (const auto& [key, share] : gathered_) {
      const auto& [folder, package, type] = key;
      add_row(folder, Json(counts_[key]), {"", package, type, share});
    }
    return {{"parents", std::move(parents_)},
            {"folders", std::move(names_)},
            {"in", std::move(in_)},
            {"names", std::move(files_)},
            {"package", std::move(package_)},
            {"type", std::move(type_)},
            {"installed", std::move(installed_)},
            {"compressed", std::move(compressed_)},
            {"count", std::move(count_)}};
  }

 private:
  using Key = std::tuple<std::size_t, std::size_t, std::size_t>;

  std::pair<std::size_t, std::string> split(const std::string& path) const {
    const std::size_t slash = path.rfind('/');
    if (slash == path.npos) return {0, path};
    return {numbers_.at(path.substr(0, slash)), path.substr(slash + 1)};
  }

  void add_row(std::size_t folder, Json name, const FileSize& file) {
    in_.push_back(folder);
    files_.push_back(std::move(name));
    package_.push_back(file.package == FileSize::no_package ? Json(-1) : Json(file.package));
    type_.push_back(file.type);
    installed_.push_back(file.share.installed);
    compressed_.push_back(file.share.compressed);
    count_.push_back(file.share.files);
  }

  std::map<std::string, std::size_t> numbers_ = {{"", 0}};  ///< of directories, by path
  std::map<Key, SizeShare> gathered_;
  std::map<Key, std::size_t> counts_;
  Json::array_t parents_, names_, in_, files_, package_, type_, installed_, compressed_, count_;
};

/// The least octets of an entry that is listed by itself.
std::uint64_t least_listed(const std::vector<FileSize>& files, std::size_t most) {
  if (files.size() <= most) return 0;
  std::vector<std::uint64_t> sizes;
  for (const FileSize& file : files)
    sizes.push_back(std::max(file.share.installed, file.share.compressed));
  const auto last = sizes.begin() + static_cast<std::ptrdiff_t>(most);
  std::ranges::nth_element(sizes, last, std::greater());
  return *last + 1;
}

Json page_data(const SizeReport& report, const SizeTitle& title, std::size_t most_files) {
  Json data = {{"image", title.image},          {"platform", title.platform},
               {"whole", triple(report.whole)}, {"hidden", triple(report.hidden)},
               {"packages", Json::array()},     {"types", Json::array()},
               {"savings", Json::array()}};
  for (const PackageSize& package : report.packages) {
    Json row = {package.name, package.version, package.origin};
    if (package.is_wanted)
      row.insert(row.end(),
                 {package.alone.installed, package.alone.compressed, package.alone_packages});
    data["packages"].push_back(std::move(row));
  }
  for (const NamedShare& type : report.types) data["types"].push_back(type.name);
  for (const Saving& saving : report.savings) {
    Json row = {saving_text(saving)};
    for (auto& number : triple(saving.share)) row.push_back(std::move(number));
    if (saving.kind == Saving::Kind::package) row.push_back(saving.packages);
    data["savings"].push_back(std::move(row));
  }
  FileColumns columns;
  columns.add_directories(report.tree.children, "", 0);
  const std::uint64_t least = least_listed(report.files, most_files);
  for (const FileSize& file : report.files) {
    if (std::max(file.share.installed, file.share.compressed) >= least)
      columns.add(file);
    else
      columns.gather(file);
  }
  data["files"] = columns.take();
  return data;
}

}  // namespace

std::string size_html(const SizeReport& report, const SizeTitle& title, std::size_t most_files) {
  std::string data =
      page_data(report, title, most_files).dump(-1, ' ', false, Json::error_handler_t::replace);
  // Within <script> nothing may look like its end or the beginning of a comment.
  std::string safe;
  for (const char c : data) {
    if (c == '<')
      safe += "\\u003c";
    else
      safe += c;
  }
  constexpr std::string_view mark = "/*DATA*/null";
  std::string page(size_page());
  return page.replace(page.find(mark), mark.size(), safe);
}

}  // namespace tarn::builder
