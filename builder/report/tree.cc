#include "builder/report/tree.h"

#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "builder/report/plan_names.h"

namespace tarn::builder {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t deepest = 100;
constexpr std::size_t most_names = 3;

std::string label_of(const Tree& tree, std::size_t package) {
  return tree.selection.universe().label(tree.selection.packages()[package]);
}

std::string name_of(const Tree& tree, std::size_t package) {
  const apk::Universe& universe = tree.selection.universe();
  return std::string(universe.text(universe.name_of(tree.selection.packages()[package])));
}

std::span<const Link> links_of(const Tree& tree, std::size_t package) {
  return tree.direction == Direction::needs ? tree.graph.needs(package)
                                            : tree.graph.needed_by(package);
}

std::size_t other_end(const Tree& tree, const Link& link) {
  return tree.direction == Direction::needs ? link.to : link.from;
}

/// The names of a link, but for the plain name of the package itself.
std::string link_text(const Tree& tree, const Link& link) {
  std::vector<std::string> texts = texts_of(link.dependencies);
  if (link.kind == LinkKind::install_if) return "install_if " + joined(texts, most_names);
  std::erase(texts, name_of(tree, link.to));
  return joined(texts, most_names);
}

std::string in_brackets(const std::string& text) {
  return text.empty() ? std::string() : " (" + text + ")";
}

std::vector<const Wish*> wishes_for(const Tree& tree, std::size_t package) {
  std::vector<const Wish*> wishes;
  for (const Wish& wish : tree.graph.wishes())
    if (wish.package == package) wishes.push_back(&wish);
  return wishes;
}

/// "(nginx~1.28)" where the recipe says more than the name.
std::string wish_text(const Tree& tree, const Wish& wish) {
  const std::string text = wish.dependency.str();
  return text == name_of(tree, wish.package) ? std::string() : in_brackets(text);
}

class TreeText {
 public:
  TreeText(const Tree& tree, const Symbols& symbols)
      : tree_(tree), symbols_(symbols), shown_(tree.graph.size()) {}

  std::string draw() {
    text_ = tree_.title + "\n";
    std::vector<Item> items;
    if (!tree_.roots.empty())
      for (const std::size_t package : tree_.roots) items.push_back({package, ""});
    else if (tree_.direction == Direction::needs)
      for (const Wish& wish : tree_.graph.wishes())
        items.push_back({wish.package, wish_text(tree_, wish)});
    else
      for (std::size_t i = 0; i < tree_.graph.size(); ++i)
        if (tree_.graph.needs(i).empty()) items.push_back({i, ""});
    draw(items, {}, "", 1);
    draw_rest();
    if (is_repeated_) text_ += "* what stands below it is shown above\n";
    if (is_cut_) text_ += fmt::format("... levels below the {}th are not shown\n", deepest);
    return std::move(text_);
  }

 private:
  struct Item {
    std::size_t package;
    std::string note;
  };

  /// Where all of a plan is drawn: packages that only cycles lead to.
  void draw_rest() {
    if (!tree_.roots.empty() || is_cut_) return;
    for (std::size_t i = 0; i < tree_.graph.size(); ++i)
      if (!shown_[i]) draw({{i, ""}}, {}, "", 1);
  }

  void draw(const std::vector<Item>& items, const std::vector<const Wish*>& wishes,
            const std::string& prefix, std::size_t depth) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      const bool is_last = i + 1 == items.size() && wishes.empty();
      text_ += fmt::format("{}{}", prefix, is_last ? symbols_.last : symbols_.branch);
      draw(items[i], fmt::format("{}{}", prefix, is_last ? symbols_.blank : symbols_.bar), depth);
    }
    for (std::size_t i = 0; i < wishes.size(); ++i)
      text_ += fmt::format("{}{}{}{}\n", prefix,
                           i + 1 == wishes.size() ? symbols_.last : symbols_.branch,
                           wishes[i]->origin, wish_text(tree_, *wishes[i]));
  }

  void draw(const Item& item, const std::string& prefix, std::size_t depth) {
    text_ += label_of(tree_, item.package) + item.note;
    std::vector<Item> items;
    for (const Link& link : links_of(tree_, item.package))
      items.push_back({other_end(tree_, link), in_brackets(link_text(tree_, link))});
    const auto wishes = tree_.direction == Direction::needs ? std::vector<const Wish*>{}
                                                            : wishes_for(tree_, item.package);
    if (items.empty() && wishes.empty()) {
      shown_[item.package] = true;
      text_ += "\n";
    } else if (shown_[item.package]) {
      text_ += " *\n";
      is_repeated_ = true;
    } else if (depth == deepest) {
      text_ += " ...\n";
      is_cut_ = true;
    } else {
      shown_[item.package] = true;
      text_ += "\n";
      draw(items, wishes, prefix, depth + 1);
    }
  }

  const Tree& tree_;
  const Symbols& symbols_;
  std::string text_;
  std::vector<bool> shown_;
  bool is_repeated_ = false;
  bool is_cut_ = false;
};

/// Which packages a tree shows.
std::vector<bool> reached_packages(const Tree& tree) {
  std::vector<bool> reached(tree.graph.size(), tree.roots.empty());
  std::vector<std::size_t> queue = tree.roots;
  for (const std::size_t root : tree.roots) reached[root] = true;
  for (std::size_t i = 0; i < queue.size(); ++i)
    for (const Link& link : links_of(tree, queue[i])) {
      const std::size_t next = other_end(tree, link);
      if (reached[next]) continue;
      reached[next] = true;
      queue.push_back(next);
    }
  return reached;
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

/// Whether the recipe's own lines are part of a tree.
bool shows_wishes(const Tree& tree) {
  return tree.roots.empty() || tree.direction == Direction::needed_by;
}

std::string edge(const Tree& tree, const std::string& from, const std::string& to,
                 const std::string& label, bool is_dashed) {
  const bool is_forward = tree.direction == Direction::needs;
  std::string attributes;
  if (!label.empty()) attributes = "label=" + quoted(label);
  if (is_dashed) attributes += (attributes.empty() ? "" : ", ") + std::string("style=dashed");
  return fmt::format("  {} -> {}{};\n", quoted(is_forward ? from : to),
                     quoted(is_forward ? to : from),
                     attributes.empty() ? "" : " [" + attributes + "]");
}

Json link_json(const Tree& tree, const Link& link) {
  return {{"package", label_of(tree, other_end(tree, link))},
          {"kind", link.kind == LinkKind::depends ? "depends" : "install_if"},
          {"dependencies", texts_of(link.dependencies)}};
}

Json wish_json(const Tree& tree, const Wish& wish) {
  return {{"package", label_of(tree, wish.package)},
          {"dependency", wish.dependency.str()},
          {"origin", wish.origin}};
}

}  // namespace

std::string tree_text(const Tree& tree, const Symbols& symbols) {
  return TreeText(tree, symbols).draw();
}

std::string tree_dot(const Tree& tree) {
  std::string text = "digraph " + quoted(tree.title) + " {\n  rankdir=LR;\n  node [shape=box];\n";
  const auto reached = reached_packages(tree);
  for (std::size_t i = 0; i < reached.size(); ++i)
    if (reached[i]) text += "  " + quoted(label_of(tree, i)) + ";\n";
  if (shows_wishes(tree))
    for (const Wish& wish : tree.graph.wishes())
      if (reached[wish.package])
        text += edge(tree, wish.origin, label_of(tree, wish.package), wish.dependency.str(), false);
  for (std::size_t i = 0; i < reached.size(); ++i)
    for (const Link& link : tree.graph.needs(i))
      if (reached[i] && reached[link.to])
        text += edge(tree, label_of(tree, i), label_of(tree, link.to), link_text(tree, link),
                     link.kind == LinkKind::install_if);
  return text + "}\n";
}

nlohmann::ordered_json tree_json(const Tree& tree) {
  const bool is_forward = tree.direction == Direction::needs;
  const auto reached = reached_packages(tree);
  Json roots = Json::array();
  for (const std::size_t root : tree.roots) roots.push_back({{"package", label_of(tree, root)}});
  if (tree.roots.empty() && is_forward)
    for (const Wish& wish : tree.graph.wishes()) roots.push_back(wish_json(tree, wish));
  if (tree.roots.empty() && !is_forward)
    for (std::size_t i = 0; i < tree.graph.size(); ++i)
      if (tree.graph.needs(i).empty()) roots.push_back({{"package", label_of(tree, i)}});
  Json packages = Json::array();
  for (std::size_t i = 0; i < reached.size(); ++i) {
    if (!reached[i]) continue;
    Json links = Json::array();
    for (const Link& link : links_of(tree, i)) links.push_back(link_json(tree, link));
    Json one = {{"package", label_of(tree, i)}, {is_forward ? "needs" : "needed_by", links}};
    if (!is_forward) {
      one["wanted_by"] = Json::array();
      for (const Wish* wish : wishes_for(tree, i))
        one["wanted_by"].push_back(
            {{"origin", wish->origin}, {"dependency", wish->dependency.str()}});
    }
    packages.push_back(std::move(one));
  }
  return {{"roots", std::move(roots)}, {"packages", std::move(packages)}};
}

}  // namespace tarn::builder
