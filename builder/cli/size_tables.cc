#include "builder/cli/size_tables.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "builder/report/size_json.h"
#include "builder/terminal/format_size.h"
#include "builder/terminal/live_progress.h"
#include "builder/terminal/table.h"

namespace tarn::builder {
namespace {

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "";
  return fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

/// A name from an image, on one line.
std::string one_line(const std::string& name) {
  std::string text = printable(name);
  std::ranges::replace_if(
      text, [](char c) { return c == '\n' || c == '\t'; }, '?');
  return text;
}

/// A table of shares of one whole.
class ShareTable {
 public:
  ShareTable(const std::string& heading, const SizeShare& whole, std::vector<Column> more = {})
      : whole_(whole), table_(columns(heading, std::move(more))) {}

  void add(const std::string& name, const SizeShare& share, std::vector<std::string> more = {}) {
    std::vector<std::string> row = {
        one_line(name), format_size(share.installed), percent(share.installed, whole_.installed),
        format_size(share.compressed), percent(share.compressed, whole_.compressed)};
    std::ranges::move(more, std::back_inserter(row));
    table_.add(std::move(row));
  }
  /// A row for what is not a part of anything else, where there is any.
  void add_rest(const std::string& name, const SizeShare& share) {
    if (share.installed + share.compressed + share.files != 0) add(name, share);
  }
  std::string str() const { return table_.str(); }

 private:
  static std::vector<Column> columns(const std::string& heading, std::vector<Column> more) {
    std::vector<Column> all = {{heading},
                               {"installed", Align::right},
                               {"", Align::right},
                               {"compressed", Align::right},
                               {"", Align::right}};
    std::ranges::move(more, std::back_inserter(all));
    return all;
  }

  SizeShare whole_;
  Table table_;
};

constexpr const char* hidden_name = "(hidden by later layers)";

/// Calls `add` for the first rows, and counts the others together.
template <typename Items, typename Add>
void add_first(const Items& items, std::size_t most, ShareTable& table, Add add) {
  const std::size_t shown = most == 0 ? items.size() : std::min(most, items.size());
  SizeShare rest;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i < shown)
      add(items[i]);
    else
      rest.add(items[i].share);
  }
  if (shown < items.size()) table.add(fmt::format("({} more)", items.size() - shown), rest);
}

std::string packages_table(const SizeReport& report, std::size_t most) {
  ShareTable table("package", report.whole, {{"alone", Align::right}, {"packages", Align::right}});
  add_first(report.packages, most, table, [&](const PackageSize& package) {
    std::vector<std::string> alone;
    if (package.is_wanted)
      alone = {format_size(package.alone.installed), fmt::format("{}", package.alone_packages)};
    table.add(package.name + " " + package.version, package.share, std::move(alone));
  });
  table.add_rest("(no package's)", report.unowned);
  table.add_rest(hidden_name, report.hidden);
  return table.str();
}

std::string shares_table(const char* heading, const std::vector<NamedShare>& shares,
                         const SizeReport& report, std::size_t most) {
  ShareTable table(heading, report.whole);
  add_first(shares, most, table, [&](const NamedShare& one) {
    table.add(one.name.empty() ? "(no package's)" : one.name, one.share);
  });
  table.add_rest(hidden_name, report.hidden);
  return table.str();
}

/// The tree cut into parts: directories that are large enough are opened, the largest first.
class TreeCut {
 public:
  TreeCut(const TreeSize& root, std::size_t most) : least_(root.share.installed / 50), most_(most) {
    parts_.push_back({"", &root, root.share});
    while (parts_.size() < most_ && open_largest()) {
    }
    std::ranges::stable_sort(parts_, [](const Part& left, const Part& right) {
      return left.share.installed > right.share.installed;
    });
  }

  void add_to(ShareTable& table) const {
    for (const Part& part : parts_) table.add(part.path.empty() ? "/" : part.path, part.share);
  }

 private:
  struct Part {
    std::string path;
    const TreeSize* whole = nullptr;  ///< none: what is left of an opened one
    SizeShare share;
  };

  bool is_worth(const TreeSize& tree) const {
    return !tree.children.empty() && tree.share.installed >= least_ && tree.share.installed != 0;
  }

  bool open_largest() {
    auto largest = parts_.end();
    for (auto part = parts_.begin(); part != parts_.end(); ++part) {
      if (part->whole == nullptr ||
          !std::ranges::any_of(part->whole->children,
                               [this](const TreeSize& child) { return is_worth(child); }))
        continue;
      if (largest == parts_.end() || part->share.installed > largest->share.installed)
        largest = part;
    }
    if (largest == parts_.end()) return false;
    Part rest = std::move(*largest);
    parts_.erase(largest);
    for (const TreeSize& child : rest.whole->children) {
      if (!is_worth(child)) continue;
      parts_.push_back({rest.path + "/" + child.name, &child, child.share});
      rest.share.installed -= child.share.installed;
      rest.share.compressed -= child.share.compressed;
      rest.share.files -= child.share.files;
    }
    parts_.push_back({rest.path + "/…", nullptr, rest.share});
    return true;
  }

  std::vector<Part> parts_;
  std::uint64_t least_;
  std::size_t most_;
};

std::string directories_table(const SizeReport& report, std::size_t most) {
  ShareTable table("directory", report.whole);
  TreeCut(report.tree, most == 0 ? std::string::npos : most).add_to(table);
  table.add_rest(hidden_name, report.hidden);
  return table.str();
}

std::string savings_table(const SizeReport& report, std::size_t most) {
  ShareTable table("could be left out", report.whole, {{"packages", Align::right}});
  const std::size_t shown = most == 0 ? report.savings.size() : most;
  for (std::size_t i = 0; i < std::min(shown, report.savings.size()); ++i) {
    const Saving& saving = report.savings[i];
    std::vector<std::string> packages;
    if (saving.kind == Saving::Kind::package) packages = {fmt::format("{}", saving.packages)};
    table.add(saving_text(saving), saving.share, std::move(packages));
  }
  return table.str();
}

}  // namespace

std::string size_tables(const SizeReport& report, std::size_t most) {
  const SizeShare& whole = report.whole;
  std::string text =
      fmt::format("{} installed in {} files, {} compressed\n", format_size(whole.installed),
                  whole.files, format_size(whole.compressed));
  if (!report.packages.empty()) {
    text += "\n" + packages_table(report, most);
    text += "\n" + shares_table("origin", report.origins, report, most);
  }
  text += "\n" + directories_table(report, most);
  text += "\n" + shares_table("type", report.types, report, most);
  if (!report.savings.empty()) text += "\n" + savings_table(report, most);
  return text;
}

}  // namespace tarn::builder
