#include "builder/report/chains.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace tarn::builder {
namespace {

constexpr std::size_t unreached = std::numeric_limits<std::size_t>::max();
constexpr std::size_t most_ever = 10'000;

bool is_about(const apk::Dependency& dependency, const std::optional<std::string_view>& name) {
  return !name || dependency.name == *name;
}

bool is_about(const Link& link, const std::optional<std::string_view>& name) {
  return link.kind == LinkKind::install_if
             ? !name
             : std::ranges::any_of(link.dependencies, [&](const apk::Dependency& dependency) {
                 return is_about(dependency, name);
               });
}

class ChainSearch {
 public:
  ChainSearch(const PlanGraph& graph, std::size_t target, std::optional<std::string_view> name)
      : graph_(graph),
        target_(target),
        name_(name),
        distances_(graph.size(), unreached),
        counts_(graph.size(), 0) {
    measure();
  }

  Chains find(std::size_t most) {
    Chains found;
    for (const std::size_t wish : reached_wishes()) {
      found.total = add(found.total, counts_[graph_.wishes()[wish].package]);
      if (found.chains.size() >= most) continue;
      follow(graph_.wishes()[wish].package, most, {wish, {}}, found.chains);
    }
    return found;
  }

 private:
  static std::uint64_t add(std::uint64_t a, std::uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
  }

  bool is_usable(const Link& link) const { return link.to != target_ || is_about(link, name_); }

  /// Breadth first from the target against the links: how far it is, and in how many shortest ways.
  void measure() {
    std::vector<std::size_t> queue = {target_};
    distances_[target_] = 0;
    counts_[target_] = 1;
    for (std::size_t i = 0; i < queue.size(); ++i) {
      const std::size_t package = queue[i];
      for (const Link& link : graph_.needed_by(package)) {
        if (!is_usable(link)) continue;
        if (distances_[link.from] == unreached) {
          distances_[link.from] = distances_[package] + 1;
          queue.push_back(link.from);
        }
        if (distances_[link.from] == distances_[package] + 1)
          counts_[link.from] = add(counts_[link.from], counts_[package]);
      }
    }
  }

  /// The shortest first.
  std::vector<std::size_t> reached_wishes() const {
    std::vector<std::size_t> reached;
    const auto& wishes = graph_.wishes();
    for (std::size_t i = 0; i < wishes.size(); ++i) {
      if (distances_[wishes[i].package] == unreached) continue;
      if (wishes[i].package == target_ && !is_about(wishes[i].dependency, name_)) continue;
      reached.push_back(i);
    }
    std::ranges::stable_sort(reached, {},
                             [&](std::size_t wish) { return distances_[wishes[wish].package]; });
    return reached;
  }

  /// All shortest ways on from where the chain starts, depth first. With its own stack: a foreign
  /// index may make chains as long as it likes.
  void follow(std::size_t start, std::size_t most, Chain chain, std::vector<Chain>& chains) const {
    struct Step {
      std::size_t package;
      std::size_t next = 0;
    };
    std::vector<Step> steps = {{start}};
    while (!steps.empty() && chains.size() < most) {
      Step& step = steps.back();
      const auto links = graph_.needs(step.package);
      if (step.package == target_) chains.push_back(chain);
      while (step.package != target_ && step.next < links.size() && !leads_on(links[step.next]))
        ++step.next;
      if (step.package == target_ || step.next == links.size()) {
        steps.pop_back();
        if (!steps.empty()) chain.links.pop_back();
        continue;
      }
      const Link& link = links[step.next++];
      chain.links.push_back(link);
      steps.push_back({link.to});
    }
  }

  bool leads_on(const Link& link) const {
    return distances_[link.to] != unreached && distances_[link.to] + 1 == distances_[link.from] &&
           is_usable(link);
  }

  const PlanGraph& graph_;
  std::size_t target_;
  std::optional<std::string_view> name_;
  std::vector<std::size_t> distances_;
  std::vector<std::uint64_t> counts_;
};

}  // namespace

Chains find_chains(const PlanGraph& graph, std::size_t package, std::size_t most,
                   std::optional<std::string_view> name) {
  return ChainSearch(graph, package, name).find(most == 0 ? most_ever : most);
}

}  // namespace tarn::builder
