#include "apk/solver/operation.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "apk/model/version.h"
#include "apk/solver/search.h"
#include "apk/support/error.h"
#include "apk/support/hash.h"

namespace tarn::apk {
namespace {

/// What apk upgrades first: itself.
constexpr std::string_view kFirstUpgraded = "apk-tools";

Dependency parse_constraint(const std::string& text) {
  auto dependency = Dependency::parse(text);
  if (!dependency || dependency->broken) {
    throw Error(ErrorKind::usage, fmt::format("'{}' is not a package constraint", text))
        .hint("write a name, with a version if you like: nginx, nginx~1.28, nginx@edge, !nginx");
  }
  return std::move(*dependency);
}

/// The package that stands for the constraints of an operation.
Package make_virtual(const Operation& operation) {
  const auto spec = Dependency::parse(operation.virtual_package);
  const bool is_valid = spec && !spec->broken && !spec->conflict && spec->tag.empty() &&
                        (spec->match == VersionMatch::any || spec->match == VersionMatch::equal);
  if (!is_valid || !is_valid_package_name(spec->name)) {
    throw Error(ErrorKind::usage,
                fmt::format("'{}' cannot name a virtual package", operation.virtual_package))
        .hint("write a name, or a name and a version: .build-deps, .build-deps=1.2");
  }
  Package package;
  package.name = spec->name;
  package.version = spec->version.empty() ? operation.virtual_version : spec->version;
  package.arch = "noarch";
  package.description = "virtual meta package";
  std::string text = package.label();
  for (const std::string& constraint : operation.packages) {
    package.depends.push_back(parse_constraint(constraint));
    if (!package.depends.back().tag.empty()) {
      throw Error(
          ErrorKind::usage,
          fmt::format("'{}': what a virtual package needs has no repository tag", constraint));
    }
    text += ' ' + package.depends.back().str();
  }
  package.identity.digest = sha1(as_bytes(text));
  return package;
}

/// World by name, so that an entry takes the place of one with the same name.
class World {
 public:
  explicit World(const std::vector<Dependency>& entries) {
    for (const Dependency& entry : entries) set(entry);
  }

  void set(const Dependency& entry) { entries_.insert_or_assign(entry.name, entry); }
  bool erase(const std::string& name) { return entries_.erase(name) != 0; }
  bool contains(const std::string& name) const { return entries_.count(name) != 0; }

  template <typename Condition>
  void erase_if(const Condition& condition) {
    std::erase_if(entries_, [&](const auto& entry) { return condition(entry.second); });
  }

  std::vector<Dependency> entries() const {
    std::vector<Dependency> entries;
    for (const auto& [name, entry] : entries_) entries.push_back(entry);
    std::sort(entries.begin(), entries.end(),
              [](const Dependency& a, const Dependency& b) { return name_less(a.name, b.name); });
    return entries;
  }

 private:
  std::map<std::string, Dependency> entries_;
};

bool provides(const Package& package, const Dependency& dependency) {
  if (dependency.conflict) return false;
  if (dependency.name == package.name &&
      dependency.is_satisfied_by(package.version, package.identity)) {
    return true;
  }
  return std::any_of(package.provides.begin(), package.provides.end(), [&](const Provide& provide) {
    return provide.name == dependency.name &&
           dependency.is_satisfied_by(provide.version, package.identity);
  });
}

/// Turns an operation into what the solver is asked.
class Preparation {
 public:
  Preparation(const Operation& operation, const Universe& universe, const Terms& terms,
              Request& request)
      : operation_(operation),
        universe_(universe),
        terms_(terms),
        request_(request),
        world_(request.world) {}

  /// Whether there is anything to do.
  bool prepare(const Package* virtual_package) {
    bool any = true;
    switch (operation_.kind) {
      case OperationKind::add:
        add(virtual_package);
        break;
      case OperationKind::remove:
        remove();
        break;
      case OperationKind::upgrade:
        any = has_option(OperationOption::preupgrade_only) ? preupgrade() : upgrade();
        break;
      case OperationKind::fix:
        fix();
        break;
    }
    request_.world = world_.entries();
    return any;
  }

 private:
  bool has_option(OperationOption option) const { return operation_.options.count(option) != 0; }
  void wish(const std::string& name, Wish wish, Wish inherited) {
    request_.wishes.push_back({name, wish, inherited});
  }

  void add(const Package* virtual_package);
  void remove();
  void remove_dependents(const Package& package, std::vector<const Package*>& left);
  bool upgrade();
  bool preupgrade();
  bool can_preupgrade(const Dependency& first) const;
  void fix();
  void edit_world();
  void check_known(const std::string& name) const;
  bool is_available(PackageId id) const {
    return (universe_.repositories(id) & terms_.available) != 0;
  }
  const Package* installed(const std::string& name) const;

  const Operation& operation_;
  const Universe& universe_;
  const Terms& terms_;
  Request& request_;
  World world_;
};

void Preparation::add(const Package* virtual_package) {
  for (const std::string& text : operation_.packages) {
    const Dependency dependency = parse_constraint(text);
    wish(dependency.name, operation_.wish, operation_.wish);
    if (virtual_package == nullptr) world_.set(dependency);
  }
  if (virtual_package == nullptr) return;
  Dependency entry;
  entry.name = virtual_package->name;
  entry.match = VersionMatch::equal;
  entry.version = virtual_package->version;
  wish(entry.name, operation_.wish, operation_.wish);
  world_.set(entry);
}

void Preparation::remove() {
  std::vector<const Package*> left;
  for (const std::string& name : operation_.packages) {
    check_known(name);
    world_.erase(name);
    wish(name, Wish::remove, Wish::none);
    if (const Package* package = installed(name)) left.push_back(package);
  }
  if (!has_option(OperationOption::recursive)) return;
  for (std::size_t done = 0; done < left.size(); ++done) remove_dependents(*left[done], left);
}

/// Takes what needs the package off world; `left` has those whose dependents are yet to be found.
void Preparation::remove_dependents(const Package& package, std::vector<const Package*>& left) {
  for (const PresentPackage& present : request_.installed) {
    const auto& depends = present.package.depends;
    if (std::none_of(depends.begin(), depends.end(),
                     [&](const Dependency& need) { return provides(package, need); }) ||
        std::find(left.begin(), left.end(), &present.package) != left.end()) {
      continue;
    }
    left.push_back(&present.package);
    world_.erase(present.package.name);
    wish(present.package.name, Wish::remove, Wish::none);
  }
}

bool Preparation::upgrade() {
  edit_world();
  const Wish wished = operation_.wish | Wish::upgrade;
  const bool is_ignored = has_option(OperationOption::ignore);
  if (operation_.packages.empty() || is_ignored) request_.wish = request_.wish | wished;
  for (const std::string& name : operation_.packages) {
    check_known(name);
    wish(name, is_ignored ? Wish::keep : wished, Wish::none);
  }
  return true;
}

void Preparation::edit_world() {
  if (has_option(OperationOption::prune)) {
    world_.erase_if([&](const Dependency& entry) {
      const auto name = universe_.find(entry.name);
      if (entry.conflict) return false;
      if (!name) return true;
      const auto providers = universe_.providers(*name);
      return std::none_of(providers.begin(), providers.end(),
                          [&](const Provider& provider) { return is_available(provider.package); });
    });
  }
  if (!has(operation_.wish, Wish::available)) return;
  for (Dependency entry : world_.entries()) {
    if (entry.match != VersionMatch::identity) continue;
    entry.match = VersionMatch::any;
    entry.version.clear();
    world_.set(entry);
  }
}

/// Before all else, apk upgrades itself and what is named, with what these need, and nothing more.
bool Preparation::preupgrade() {
  World first({});
  first.set(parse_constraint(std::string(kFirstUpgraded)));
  for (const std::string& text : operation_.preupgrade) first.set(parse_constraint(text));
  const Wish wished = operation_.wish | Wish::upgrade;
  bool any = false;
  for (const Dependency& entry : first.entries()) {
    if (!can_preupgrade(entry)) continue;
    wish(entry.name, wished, wished);
    any = true;
  }
  request_.scope = Scope::upgraded_names;
  return any;
}

/// Whether it is installed as the constraint says, and can be had newer.
bool Preparation::can_preupgrade(const Dependency& first) const {
  const Package* package = installed(first.name);
  const auto name = universe_.find(first.name);
  if (first.conflict || package == nullptr || !name || !provides(*package, first)) return false;
  const auto providers = universe_.providers(*name);
  return std::any_of(providers.begin(), providers.end(), [&](const Provider& provider) {
    return is_available(provider.package) &&
           compare_versions(universe_.version(provider.package), package->version) > 0;
  });
}

void Preparation::fix() {
  const Wish wished = operation_.wish == Wish::none ? Wish::reinstall : operation_.wish;
  const Wish inherited = has_option(OperationOption::depends) ? wished : Wish::none;
  for (const std::string& name : operation_.packages) {
    check_known(name);
    wish(name, wished, inherited);
  }
}

void Preparation::check_known(const std::string& name) const {
  if (world_.contains(name) || universe_.find(name)) return;
  throw Error(ErrorKind::usage, fmt::format("no package is called '{}'", name));
}

const Package* Preparation::installed(const std::string& name) const {
  for (const PresentPackage& present : request_.installed) {
    if (present.package.name == name) return &present.package;
  }
  return nullptr;
}

/// Who needs a package, of those that are there afterwards.
std::vector<std::string> needed_by(const Package& package, const Transaction& transaction) {
  std::set<std::string> names;
  for (const Change& change : transaction.changes) {
    if (!change.after || change.after->name == package.name) continue;
    const Package& other = *change.after;
    const bool is_trigger =
        std::any_of(package.install_if.begin(), package.install_if.end(),
                    [&](const Dependency& condition) { return provides(other, condition); });
    if (is_trigger ||
        std::any_of(other.depends.begin(), other.depends.end(),
                    [&](const Dependency& need) { return provides(package, need); })) {
      names.insert(other.name);
    }
  }
  return {names.begin(), names.end()};
}

std::vector<Unremoved> find_unremoved(const Operation& operation, const Transaction& transaction) {
  std::vector<Unremoved> unremoved;
  if (operation.kind != OperationKind::remove) return unremoved;
  for (const std::string& name : operation.packages) {
    for (const Change& change : transaction.changes) {
      if (!change.before || !change.after || change.after->name != name) continue;
      unremoved.push_back({name, needed_by(*change.after, transaction)});
    }
  }
  return unremoved;
}

}  // namespace

std::variant<Outcome, std::vector<Problem>> operate(const Request& root,
                                                    const Operation& operation) {
  Request request = root;
  std::optional<Package> virtual_package;
  BinaryIndex given;
  if (operation.kind == OperationKind::add && !operation.virtual_package.empty()) {
    virtual_package = make_virtual(operation);
    given = BinaryIndex::from_packages({*virtual_package});
    request.repositories.push_back({&given, "", Availability::given});
  }
  Universe universe(request);
  const Terms terms = terms_of(universe, request);
  Preparation preparation(operation, universe, terms, request);
  Outcome outcome;
  const bool any = preparation.prepare(virtual_package ? &*virtual_package : nullptr);
  outcome.world = request.world;
  if (!any) return outcome;
  auto result = transact_in(universe, request);
  if (auto* problems = std::get_if<std::vector<Problem>>(&result)) return std::move(*problems);
  outcome.transaction = std::get<Transaction>(std::move(result));
  outcome.unremoved = find_unremoved(operation, outcome.transaction);
  // The root's own repositories are what its numbers speak of.
  for (Change& change : outcome.transaction.changes) {
    if (change.repository >= root.repositories.size()) change.repository = kNoRepository;
  }
  return outcome;
}

}  // namespace tarn::apk
