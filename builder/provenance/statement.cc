#include "builder/provenance/statement.h"

#include <set>
#include <utility>

#include <fmt/core.h>

#include "builder/image/json.h"
#include "builder/lock/lock_file.h"

namespace tarn::builder {
namespace {

Json sha256_set(const Sha256Digest& digest) {
  return {{"sha256", to_hex(digest)}};
}

Json digest_list(const std::map<std::string, Sha256Digest>& digests) {
  Json list = Json::object();
  for (const auto& [name, digest] : digests) list[name] = digest_text(digest);
  return list;
}

Json facts_json(const RecipeFacts& facts) {
  return {{"repositories", facts.repositories},
          {"packages", facts.packages},
          {"parts", digest_list(facts.parts)},
          {"sources", digest_list(facts.sources)}};
}

Json subjects_json(const std::vector<ProvenanceSubject>& subjects) {
  Json list = Json::array();
  for (const ProvenanceSubject& subject : subjects) {
    Json entry = {{"name", subject.name}, {"digest", sha256_set(subject.digest)}};
    if (!subject.platform.empty()) entry["annotations"]["platform"] = subject.platform;
    list.push_back(std::move(entry));
  }
  return list;
}

/// Where something lies: a URI, or a name for what the recipe names by a relative path.
void put_place(Json& entry, const Url& url) {
  const std::string text = url.without_credentials().str();
  if (!url.is_local())
    entry["uri"] = text;
  else if (text.starts_with('/'))
    entry["uri"] = "file://" + text;
  else
    entry["annotations"]["path"] = text;
}

/// What a build was made of, each thing once.
class Dependencies {
 public:
  void add(Json entry) {
    if (seen_.insert(entry.dump(-1, ' ', false, Json::error_handler_t::replace)).second)
      list_.push_back(std::move(entry));
  }
  Json take() { return std::move(list_); }

 private:
  Json list_ = Json::array();
  std::set<std::string> seen_;
};

void add_architecture(const Provenance& build, const LockedArchitecture& locked,
                      Dependencies& dependencies) {
  for (const std::size_t number : locked.keys) {
    const apk::PublicKey& key = build.lock.keys.at(number);
    dependencies.add({{"name", key.name()}, {"digest", sha256_set(sha256(key.pem()))}});
  }
  for (std::size_t i = 0; i < locked.index_digests.size(); ++i) {
    Json entry = {{"name", "APKINDEX"}};
    put_place(entry, build.repositories.at(i).index_url(locked.architecture));
    entry["digest"] = sha256_set(locked.index_digests[i]);
    dependencies.add(std::move(entry));
  }
  if (locked.base)
    dependencies.add({{"name", build.base_image},
                      {"digest", sha256_set(*locked.base)},
                      {"annotations", {{"architecture", locked.architecture}}}});
  for (const apk::PlannedPackage& planned : locked.packages) {
    const apk::Package& package = planned.package;
    Json entry = {{"name", package.label()}};
    put_place(entry, build.repositories.at(planned.repository).package_url(package));
    // apk's identity of a package is no digest of its file: it has a name of its own.
    entry["digest"]["apkControlSha1"] = package.identity.hex();
    entry["annotations"]["architecture"] = locked.architecture;
    dependencies.add(std::move(entry));
  }
}

Json dependencies_json(const Provenance& build, const Sha256Digest& recipe) {
  Dependencies dependencies;
  dependencies.add({{"name", build.recipe}, {"digest", {{"tarnRecipeSha256", to_hex(recipe)}}}});
  if (!build.lock_file.empty())
    dependencies.add(
        {{"name", build.lock_file}, {"digest", sha256_set(sha256(write_lock(build.lock)))}});
  for (const auto& [name, digest] : build.facts.sources)
    dependencies.add({{"name", name}, {"digest", {{"tarnSourceSha256", to_hex(digest)}}}});
  for (const std::string& architecture : build.architectures)
    if (const LockedArchitecture* locked = build.lock.find(architecture))
      add_architecture(build, *locked, dependencies);
  return dependencies.take();
}

Json external_parameters(const Provenance& build, Json facts, const Sha256Digest& recipe) {
  Json json;
  json["recipe"]["name"] = build.recipe;
  if (!build.variant.empty()) json["recipe"]["variant"] = build.variant;
  json["recipe"]["digest"] = sha256_set(recipe);
  json["recipe"]["content"] = std::move(facts);
  json["architectures"] = build.architectures;
  if (!build.annotations.empty()) json["annotations"] = build.annotations;
  if (build.source_date_epoch) json["sourceDateEpoch"] = *build.source_date_epoch;
  json["packageSboms"] = build.has_package_sboms;
  json["mediaTypes"] = build.has_docker_types ? "docker" : "oci";
  return json;
}

Json internal_parameters(const Provenance& build) {
  const bool is_signed = build.lock.signatures == apk::SignaturePolicy::required;
  Json json;
  json["indexSignatures"] = is_signed ? "required" : "ignored";
  json["lock"]["origin"] = build.lock_file.empty() ? "build" : "file";
  json["lock"]["digest"] = sha256_set(sha256(write_lock(build.lock)));
  return json;
}

}  // namespace

JsonBlob write_provenance(const Provenance& build) {
  Json facts = facts_json(build.facts);
  const Sha256Digest recipe = sha256(dump_json(facts));
  Json definition;
  definition["buildType"] = build_type;
  definition["externalParameters"] = external_parameters(build, std::move(facts), recipe);
  definition["internalParameters"] = internal_parameters(build);
  definition["resolvedDependencies"] = dependencies_json(build, recipe);
  Json statement;
  statement["_type"] = "https://in-toto.io/Statement/v1";
  statement["subject"] = subjects_json(build.subjects);
  statement["predicateType"] = provenance_type;
  statement["predicate"]["buildDefinition"] = std::move(definition);
  statement["predicate"]["runDetails"]["builder"] = {{"id", build.builder},
                                                     {"version", {{"tarn", TARN_VERSION}}}};
  JsonBlob blob{dump_json(statement), {}, statement_type};
  blob.digest = sha256(blob.text);
  return blob;
}

}  // namespace tarn::builder
