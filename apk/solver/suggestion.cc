#include "apk/solver/suggestion.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/core.h>

#include "apk/model/version.h"

namespace tarn::apk {
namespace {

constexpr std::size_t kMostSuggestions = 3;
constexpr std::size_t kLongestName = 64;

/// How many letters have to be added, dropped, changed or swapped with their neighbour; `limit` + 1
/// for anything over `limit`.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  if ((a.size() > b.size() ? a.size() - b.size() : b.size() - a.size()) > limit) return limit + 1;
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    if (*std::min_element(row.begin(), row.end()) > limit) return limit + 1;
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

/// What other distributions call a package, and what it is here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 20> kForeignNames = {{
    {"apache", "apache2"},
    {"awscli", "aws-cli"},
    {"build-essential", "build-base"},
    {"default-jdk", "openjdk17"},
    {"default-jre", "openjdk17-jre"},
    {"dnsutils", "bind-tools"},
    {"golang", "go"},
    {"httpd", "apache2"},
    {"iputils-ping", "iputils"},
    {"libc6-dev", "musl-dev"},
    {"libmysqlclient-dev", "mariadb-dev"},
    {"libncurses5-dev", "ncurses-dev"},
    {"libssl-dev", "openssl-dev"},
    {"locales", "musl-locales"},
    {"mysql", "mariadb"},
    {"netcat", "netcat-openbsd"},
    {"nodejs-npm", "npm"},
    {"pkg-config", "pkgconf"},
    {"xz-utils", "xz"},
    {"zlib1g-dev", "zlib-dev"},
}};

/// Collects suggestions, from the surest rule to the weakest.
class Suggester {
 public:
  Suggester(const Universe& universe, std::string_view name) : universe_(universe), name_(name) {}

  std::vector<Suggestion> suggest() {
    add_commands();
    add_libraries();
    add_foreign_names();
    add_similar();
    add_longer();
    if (found_.size() > kMostSuggestions) found_.resize(kMostSuggestions);
    return std::move(found_);
  }

 private:
  void add(std::string_view name, std::string why = {});
  void add_providers(const std::string& provided, const std::string& why);
  void add_commands();
  void add_libraries();
  void add_foreign_names();
  void add_similar();
  void add_longer();
  bool is_full() const { return found_.size() >= kMostSuggestions; }
  bool is_package(NameId id) const;

  const Universe& universe_;
  const std::string name_;
  std::vector<Suggestion> found_;
};

bool Suggester::is_package(NameId id) const {
  const auto providers = universe_.providers(id);
  return std::any_of(providers.begin(), providers.end(), [&](const Provider& provider) {
    return universe_.name_of(provider.package) == id;
  });
}

/// Adds a name, if some package has or provides it.
void Suggester::add(std::string_view name, std::string why) {
  const auto id = universe_.find(name);
  if (!id || universe_.providers(*id).empty()) return;
  for (const Suggestion& suggestion : found_) {
    if (suggestion.name == name) return;
  }
  found_.push_back({std::string(name), std::move(why)});
}

void Suggester::add_providers(const std::string& provided, const std::string& why) {
  const auto id = universe_.find(provided);
  if (!id) return;
  for (const Provider& provider : universe_.providers(*id)) {
    add(universe_.text(universe_.name_of(provider.package)), why);
  }
}

/// The name of a program instead of its package's.
void Suggester::add_commands() {
  const std::string command = name_.substr(name_.rfind('/') + 1);
  add_providers("cmd:" + command, fmt::format("has the command {}", command));
}

/// The name of a library instead of its package's, or another version of it.
void Suggester::add_libraries() {
  add_providers("so:" + name_, fmt::format("has the library {}", name_));
  const std::size_t end = name_.find(".so");
  if (!name_.starts_with("so:") || end == std::string::npos) return;
  const std::string stem = name_.substr(0, end + 3);
  std::map<std::string_view, NameId> others;
  for (NameId id = 0; id < universe_.name_count(); ++id) {
    const std::string_view text = universe_.text(id);
    if (!text.starts_with(stem) || (text.size() > stem.size() && text[stem.size()] != '.')) {
      continue;
    }
    if (!universe_.providers(id).empty()) others.emplace(text, id);
  }
  for (const auto& [text, id] : others) {
    add(text, fmt::format("of {}", universe_.label(universe_.providers(id).front().package)));
  }
}

void Suggester::add_foreign_names() {
  for (const auto& [foreign, own] : kForeignNames) {
    if (foreign == name_) add(own);
  }
  for (const std::string_view prefix : {"python3-", "python-", "py-"}) {
    if (name_.starts_with(prefix)) add("py3-" + name_.substr(prefix.size()));
  }
  if (name_.ends_with("-dev")) add("lib" + name_);
  if (name_.ends_with("-dev") && name_.starts_with("lib")) add(name_.substr(3));
  if (name_.ends_with("-devel")) add(name_.substr(0, name_.size() - 2));
}

/// Names that a slip of the finger makes of this one.
void Suggester::add_similar() {
  if (is_full() || name_.size() < 3 || name_.size() > kLongestName) return;
  const std::size_t limit = name_.size() < 6 ? 1 : 2;
  std::vector<std::tuple<std::size_t, bool, std::string_view>> similar;
  for (NameId id = 0; id < universe_.name_count(); ++id) {
    if (universe_.providers(id).empty()) continue;
    const std::string_view text = universe_.text(id);
    const std::size_t distance = edit_distance(name_, text, limit);
    if (distance > 0 && distance <= limit) similar.emplace_back(distance, !is_package(id), text);
  }
  std::sort(similar.begin(), similar.end());
  for (const auto& entry : similar) {
    if (is_full()) break;
    add(std::get<std::string_view>(entry));
  }
}

/// Packages whose names go on where this one ends: the shortest first, of numbered ones the newest.
void Suggester::add_longer() {
  if (is_full() || name_.size() < 3 || name_.size() > kLongestName) return;
  const auto unnumbered = [](std::string_view text) {
    return text.substr(0, text.find_last_not_of("0123456789.") + 1);
  };
  std::vector<std::string_view> longer;
  for (NameId id = 0; id < universe_.name_count(); ++id) {
    const std::string_view text = universe_.text(id);
    if (text.size() > name_.size() && text.starts_with(name_) && is_package(id)) {
      longer.push_back(text);
    }
  }
  std::sort(longer.begin(), longer.end(), [&](std::string_view a, std::string_view b) {
    const auto stem_a = unnumbered(a);
    const auto stem_b = unnumbered(b);
    if (stem_a != stem_b)
      return std::pair(stem_a.size(), stem_a) < std::pair(stem_b.size(), stem_b);
    return compare_versions(a.substr(stem_a.size()), b.substr(stem_b.size())) > 0;
  });
  for (const std::string_view text : longer) {
    if (is_full()) break;
    add(text);
  }
}

}  // namespace

std::vector<Suggestion> suggest_names(const Universe& universe, std::string_view name) {
  return Suggester(universe, name).suggest();
}

std::vector<std::string> similar_names(const Universe& universe, std::string_view name) {
  std::vector<std::string> names;
  for (Suggestion& suggestion : suggest_names(universe, name)) {
    names.push_back(std::move(suggestion.name));
  }
  return names;
}

}  // namespace tarn::apk
