#include "builder/recipe/include.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "apk/support/file.h"
#include "apk/support/hash.h"
#include "builder/recipe/merge.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t chain_limit = 16;
constexpr std::string_view digest_mark = "#sha256=";

/// What an include names, read.
struct Included {
  std::string text;
  Origin origin;
};

/// A recipe on the way from the one asked for to the innermost include.
struct Link {
  std::string identity;  ///< absolute path or URL
  std::string name;
};
using Chain = std::vector<Link>;

Included fetch_remote(const Located& include, const Origin& including, const LoadOptions& options) {
  const auto mark = include.text.find(digest_mark);
  const auto hint = "write https://HOST/PATH#sha256=HEX with the SHA-256 of the file";
  if (mark == std::string::npos)
    throw recipe_error(include.position, "include: no digest is pinned for " + quote(include.text))
        .hint(hint);
  const auto digest = digest_from_hex<32>(include.text.substr(mark + digest_mark.size()));
  if (!digest)
    throw recipe_error(include.position, "include: not a SHA-256 digest in " + quote(include.text))
        .hint(hint);
  const auto url = Url::parse(std::string_view(include.text).substr(0, mark));
  if (!url) throw recipe_error(include.position, "include: not a URL: " + quote(include.text));
  if (!options.fetch)
    throw recipe_error(include.position, "include: " + url->str() + " lies on the network")
        .hint("nothing is fetched here; include a local copy");
  Included included;
  included.text = with_context("including " + url->str(), [&] { return options.fetch(*url); });
  if (const auto found = sha256(included.text); found != *digest)
    throw Error(ErrorKind::trust,
                include.position.str() + ": include: " + url->str() + " has another digest")
        .detail("expected", "sha256 " + to_hex(*digest))
        .detail("found", "sha256 " + to_hex(found));
  included.origin = {url->str(), {}, including.recipe_folder, Origin::Place::remote};
  return included;
}

/// Whether a path that is not there looks like a git repository's: "github.com/owner/…".
bool names_a_host(const std::string& text) {
  const auto first = text.substr(0, text.find('/'));
  return text.find('/') != std::string::npos && !first.starts_with('.') &&
         first.find('.') != std::string::npos;
}

bool names_git(const std::string& text) {
  return text.starts_with("git@") || text.starts_with("git+") || text.starts_with("git:") ||
         text.starts_with("ssh:") || names_a_host(text);
}

Included read_local(const Located& include, const Origin& including, const LoadOptions& options) {
  std::vector<fs::path> candidates = {including.folder / include.text};
  std::vector<std::string> names = {
      (fs::path(including.name).parent_path() / include.text).lexically_normal().string()};
  for (const auto& folder : options.include_paths) {
    candidates.push_back(fs::absolute(folder) / include.text);
    names.push_back((folder / include.text).lexically_normal().string());
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto path = candidates[i].lexically_normal();
    std::error_code error;
    if (!fs::is_regular_file(path, error)) continue;
    return {with_context("including " + names[i], [&] { return read_recipe_file(path, options); }),
            {names[i], path.parent_path(), including.recipe_folder, Origin::Place::local}};
  }
  if (names_git(include.text))
    throw recipe_error(include.position,
                       "include: " + quote(include.text) + " names a git repository elsewhere")
        .hint("an include is a local path, or an https URL with a pinned digest");
  throw recipe_error(include.position, "include: " + quote(include.text) + " is not there")
      .detail("looked for", fmt::format("{}", fmt::join(names, ", ")))
      .hint("a path counts from the folder of the including recipe; --include-paths names others");
}

Included read_included(const Located& include, const Origin& including,
                       const LoadOptions& options) {
  if (include.text.starts_with("https://")) return fetch_remote(include, including, options);
  if (include.text.find("://") != std::string::npos)
    throw recipe_error(include.position,
                       "include: " + quote(include.text) + " is neither a local path nor https")
        .hint("an include is a local path, or an https URL with a pinned digest");
  if (including.place == Origin::Place::remote)
    throw recipe_error(include.position, "include: " + quote(include.text) +
                                             " is a local path in a recipe from elsewhere")
        .hint("a recipe fetched by https may only name URLs");
  return read_local(include, including, options);
}

std::string identity_of(const Origin& origin) {
  if (origin.place == Origin::Place::remote) return origin.name;
  return (origin.folder / fs::path(origin.name).filename()).string();
}

void check_chain(const Chain& chain, const Position& position) {
  const auto& last = chain.back();
  const auto same = [&](const Link& link) { return link.identity == last.identity; };
  std::vector<std::string> names;
  for (const auto& link : chain) names.push_back(link.name);
  if (std::find_if(chain.begin(), chain.end() - 1, same) != chain.end() - 1)
    throw recipe_error(position, "include: a recipe includes itself")
        .detail("chain", fmt::format("{}", fmt::join(names, " → ")));
  if (chain.size() > chain_limit)
    throw recipe_error(position, fmt::format("include: more than {} recipes", chain_limit))
        .detail("chain", fmt::format("{}", fmt::join(names, " → ")));
}

RecipeDocument read_document(std::string_view text, const Origin& origin,
                             const LoadOptions& options, Chain& chain) {
  auto document = decode_document(*parse_yaml(text, origin.name), origin);
  if (!document.include) return document;
  const auto included = read_included(*document.include, origin, options);
  chain.push_back({identity_of(included.origin), included.origin.name});
  check_chain(chain, document.include->position);
  auto beneath = read_document(included.text, included.origin, options, chain);
  document.part = merge_parts(std::move(beneath.part), std::move(document.part));
  document.variants.merge(beneath.variants);
  document.include.reset();
  return document;
}

}  // namespace

RecipeDocument read_with_includes(std::string_view text, const Origin& origin,
                                  const LoadOptions& options) {
  Chain chain = {{identity_of(origin), origin.name}};
  return read_document(text, origin, options, chain);
}

std::string read_recipe_file(const fs::path& file, const LoadOptions& options) {
  if (options.read) return options.read(file);
  return read_file(file, yaml_size_limit);
}

}  // namespace tarn::builder
