#include "apk/solver/transaction.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "apk/model/version.h"
#include "apk/solver/change_order.h"
#include "apk/solver/search.h"

namespace tarn::apk {
namespace {

/// The repository's tag that a chosen package has from now on: of those that it may come from, the
/// lowest number.
unsigned tag_of(const Search& search, PackageId id) {
  const Mask tags = search.tags(id) & search.package(id).allowed_tags;
  return tags == 0 ? 0 : static_cast<unsigned>(std::countr_zero(tags));
}

ChangeKind kind_of(const Search& search, const PackageChange& ids, const Change& change) {
  if (ids.before == kNoPackage) return ChangeKind::install;
  if (ids.after == kNoPackage) return ChangeKind::purge;
  if (ids.before == ids.after) {
    if (has(search.package(ids.after).wish, Wish::reinstall)) return ChangeKind::reinstall;
    return change.tag != change.tag_before ? ChangeKind::retag : ChangeKind::stay;
  }
  const auto order =
      compare_versions(search.universe().version(ids.after), search.universe().version(ids.before));
  if (order == 0) return ChangeKind::replace;
  return order > 0 ? ChangeKind::upgrade : ChangeKind::downgrade;
}

Change make_change(const Request& request, const Search& search, const PackageChange& ids) {
  const Universe& universe = search.universe();
  Change change;
  if (ids.before != kNoPackage) {
    const auto& installed = search.terms().installed;
    const auto place =
        std::find_if(installed.begin(), installed.end(),
                     [&](const InstalledState& state) { return state.package == ids.before; });
    const PresentPackage& present = request.installed[place->place];
    change.before = present.package;
    change.tag_before = present.tag;
  }
  if (ids.after != kNoPackage) {
    change.after = ids.after == ids.before ? *change.before : universe.package(ids.after);
    const unsigned tag = tag_of(search, ids.after);
    change.tag = universe.tag_text(tag);
    if (universe.repositories(ids.after) != 0) {
      change.repository = universe.repository(ids.after, Mask{1} << tag);
    }
  }
  change.kind = kind_of(search, ids, change);
  return change;
}

}  // namespace

std::string_view message_of(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::stay:
      return "Keeping";
    case ChangeKind::install:
      return "Installing";
    case ChangeKind::upgrade:
      return "Upgrading";
    case ChangeKind::downgrade:
      return "Downgrading";
    case ChangeKind::replace:
      return "Replacing";
    case ChangeKind::reinstall:
      return "Reinstalling";
    case ChangeKind::retag:
      return "Updating pinning";
    case ChangeKind::purge:
      return "Purging";
  }
  return {};
}

std::variant<Transaction, std::vector<Problem>> transact(const Request& request) {
  Universe universe(request);
  return transact_in(universe, request);
}

std::variant<Transaction, std::vector<Problem>> transact_in(Universe& universe,
                                                            const Request& request) {
  auto result = search_in(universe, request);
  if (auto* problems = std::get_if<std::vector<Problem>>(&result)) return std::move(*problems);
  const Search& search = std::get<Search>(result);
  Transaction transaction;
  transaction.left_out = left_out(search);
  for (const PackageChange& ids : change_order(search, StartingRoot::installed)) {
    transaction.changes.push_back(make_change(request, search, ids));
    if (ids.after != kNoPackage && universe.repositories(ids.after) == 0) {
      transaction.unavailable.emplace_back(universe.text(universe.name_of(ids.after)));
    }
  }
  std::sort(transaction.unavailable.begin(), transaction.unavailable.end(), name_less);
  return transaction;
}

}  // namespace tarn::apk
