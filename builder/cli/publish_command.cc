#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/support/file.h"
#include "builder/build.h"
#include "builder/cli/attached_sboms.h"
#include "builder/cli/build_options.h"
#include "builder/cli/commands.h"
#include "builder/cli/image_signatures.h"
#include "builder/cli/lock_use.h"
#include "builder/cli/provenance_options.h"
#include "builder/cli/recipe_options.h"
#include "builder/cli/registry_options.h"
#include "builder/cli/sbom_options.h"
#include "builder/cli/script_reports.h"
#include "builder/cli/source_date_epoch.h"
#include "builder/image/json.h"
#include "builder/registry/client.h"
#include "builder/registry/reference.h"
#include "builder/report/run_recorder.h"
#include "builder/signing/sign_image.h"
#include "builder/terminal/format_size.h"

namespace tarn::builder {
namespace {

struct PublishOptions {
  RecipeOptions recipe;
  RepositoryOptions repositories;
  std::vector<std::string> references;
  std::vector<std::string> annotations;
  RegistryOptions registry;
  PushSettings push;
  SbomOptions sbom;
  ProvenanceOptions provenance;
  std::filesystem::path sign_key;
  std::filesystem::path image_refs;
  bool docker_types = false;
  bool json = false;
};

/// A repository that is pushed to, with the tags the content gets there.
struct Destination {
  std::string domain;
  std::string path;
  std::vector<std::string> tags{};
  std::unique_ptr<RegistrySession> session{};
  PushReport report{};

  std::string name() const { return domain + "/" + path; }
  std::string by_digest(const Sha256Digest& digest) const {
    return name() + "@" + digest_text(digest);
  }
};

/// The repositories in the order in which they are first named; no tag twice.
std::vector<Destination> destinations_of(const std::vector<std::string>& references) {
  std::vector<Destination> destinations;
  for (const std::string& text : references) {
    const Reference reference = Reference::parse(text);
    auto found = std::ranges::find_if(destinations, [&](const Destination& destination) {
      return destination.domain == reference.domain && destination.path == reference.path;
    });
    if (found == destinations.end()) {
      destinations.push_back({.domain = reference.domain, .path = reference.path});
      found = std::prev(destinations.end());
    }
    if (std::ranges::find(found->tags, reference.tag) == found->tags.end())
      found->tags.push_back(reference.tag);
  }
  return destinations;
}

/// What would only fail after the build is found before it.
void check_before_building(const PublishOptions& options, const Recipe& recipe,
                           std::vector<Destination>& destinations, RegistryAccess& registries) {
  if (options.docker_types && recipe.compression.codec == Codec::zstd)
    throw Error(ErrorKind::usage, "docker's media types know no layers compressed with zstd")
        .hint("choose gzip as the recipe's compression, or leave --docker-media-types out");
  if (!options.image_refs.empty()) {
    const auto folder = std::filesystem::absolute(options.image_refs).parent_path();
    if (!std::filesystem::is_directory(folder))
      throw Error(ErrorKind::failed, "there is no folder " + folder.string() + " to write to");
  }
  for (Destination& destination : destinations) {
    destination.session =
        std::make_unique<RegistrySession>(registries.world(), destination.domain, destination.path);
    // Whether it is there does not matter; that the registry says so to whoever may push does.
    has_blob(*destination.session, sha256(std::string_view()));
  }
}

void push_to_all(std::vector<Destination>& destinations, const PushContent& content,
                 const PushSettings& settings, apk::Store& store, Progress& progress) {
  const Span pass(progress, pass_category, "push");
  std::map<std::string, BlobHistory> histories;
  for (Destination& destination : destinations) {
    BlobHistory& history =
        histories.try_emplace(destination.domain, store, destination.domain).first->second;
    destination.report = push(*destination.session, content, destination.tags, history,
                              {settings.jobs, settings.chunk_size});
    history.save();
  }
}

void note_pushes(const std::vector<Destination>& destinations, Progress& progress) {
  for (const Destination& destination : destinations) {
    const PushReport& report = destination.report;
    std::string tags;
    for (const std::string& tag : destination.tags) tags += (tags.empty() ? "" : ", ") + tag;
    progress.note(NoteLevel::info,
                  fmt::format("pushed {}:{}: {} blobs sent ({}), {} taken from other repositories, "
                              "{} there before",
                              destination.name(), tags, report.sent,
                              format_size(report.octets_sent), report.mounted, report.present));
  }
}

/// For each repository its images by digest, then what the tags name.
std::string image_refs_text(const std::vector<Destination>& destinations,
                            const PushContent& content) {
  std::string text;
  for (const Destination& destination : destinations) {
    for (const JsonBlob& manifest : content.manifests)
      text += destination.by_digest(manifest.digest) + "\n";
    text += destination.by_digest(content.top.digest) + "\n";
  }
  return text;
}

/// What belongs to the images: the same in every repository.
struct PushCompanions {
  std::vector<Artifact> sboms;
  std::optional<JsonBlob> provenance;
  std::optional<SigningKey> key;
};

/// What of these lies in the registries now.
struct Attached {
  std::vector<AttachedArtifact> sboms;
  std::vector<AttachedArtifact> provenance;
  std::vector<Sha256Digest> signed_digests;
};

/// What is said of the images, as it is wanted.
void describe(const PushedImages& pushed, const SbomSettings& settings, const RecordedBuild& build,
              const ProvenanceOptions& options, const Context& context,
              PushCompanions& companions) {
  if (!settings.formats.empty()) {
    const Span pass(context.progress, pass_category, "sbom");
    companions.sboms = sbom_artifacts(pushed, settings, context.progress, context.stop);
  }
  if (options.is_wanted)
    companions.provenance = provenance_of(build, options, pushed_subjects(pushed));
}

/// Signs what was pushed, and the statement about it.
std::vector<Sha256Digest> sign_all(RegistrySession& session, const PushContent& content,
                                   const PushCompanions& companions) {
  std::vector<Sha256Digest> digests;
  for (const JsonBlob& manifest : content.manifests) digests.push_back(manifest.digest);
  digests.push_back(content.top.digest);
  for (const Sha256Digest& digest : digests) {
    if (companions.provenance)
      attest_image(session, digest, *companions.provenance, provenance_type, *companions.key);
    sign_image(session, digest, *companions.key);
  }
  return digests;
}

/// Attaches in every repository; the names by digest are the same in each.
Attached attach_to_all(std::vector<Destination>& destinations, const PushContent& content,
                       const PushCompanions& companions, Progress& progress) {
  Attached attached;
  std::vector<Artifact> statements;
  if (companions.provenance) statements = provenance_artifacts(content, *companions.provenance);
  for (Destination& destination : destinations) {
    attached.sboms = attach_artifacts(*destination.session, companions.sboms);
    attached.provenance = attach_artifacts(*destination.session, statements);
    if (!attached.sboms.empty())
      progress.note(NoteLevel::info, fmt::format("attached {} SBOMs in {}", attached.sboms.size(),
                                                 destination.name()));
    if (companions.provenance)
      progress.note(NoteLevel::info, "attached the provenance in " + destination.name());
    if (!companions.key) continue;
    attached.signed_digests = sign_all(*destination.session, content, companions);
    progress.note(NoteLevel::info, fmt::format("signed {} in {}", digest_text(content.top.digest),
                                               destination.name()));
  }
  return attached;
}

nlohmann::ordered_json digests_json(const std::vector<Sha256Digest>& digests) {
  auto list = nlohmann::ordered_json::array();
  for (const Sha256Digest& digest : digests) list.push_back(digest_text(digest));
  return list;
}

nlohmann::ordered_json publish_json(const std::vector<Destination>& destinations,
                                    const PushContent& content, const Attached& attached) {
  auto images = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < content.manifests.size(); ++i)
    images.push_back({{"platform", content.platforms[i]},
                      {"manifest", digest_text(content.manifests[i].digest)},
                      {"media_type", content.manifests[i].media_type}});
  auto pushed = nlohmann::ordered_json::array();
  for (const Destination& destination : destinations)
    pushed.push_back({{"repository", destination.name()},
                      {"tags", destination.tags},
                      {"reference", destination.by_digest(content.top.digest)},
                      {"blobs_sent", destination.report.sent},
                      {"octets_sent", destination.report.octets_sent},
                      {"blobs_mounted", destination.report.mounted},
                      {"blobs_present", destination.report.present}});
  return {{"digest", digest_text(content.top.digest)},
          {"media_type", content.top.media_type},
          {"images", std::move(images)},
          {"sboms", attached_json(attached.sboms)},
          {"provenance", attached_json(attached.provenance)},
          {"signed", digests_json(attached.signed_digests)},
          {"pushed", std::move(pushed)}};
}

BuildOptions publish_build_options(const PublishOptions& options, RepositoryAccess& access,
                                   RegistryAccess& registries, const Context& context) {
  BuildOptions build_options;
  build_options.resolve = resolve_options(options.repositories, context.options);
  build_options.resolve.open_repository = registries.opener();
  build_options.tag = options.references.front();
  build_options.annotations = parse_annotations(options.annotations);
  build_options.source_date_epoch = source_date_epoch();
  build_options.scratch = access.store().folder();
  build_options.package_sboms = options.sbom.package_sboms();
  return build_options;
}

void run_publish(const PublishOptions& options, const Context& context) {
  std::vector<Destination> destinations = destinations_of(options.references);
  RepositoryAccess access(options.repositories.network, context);
  RegistryAccess registries(options.registry, options.repositories.network.ca_file, context);
  const Recipe recipe = access.load(options.recipe);
  BuildOptions build_options = publish_build_options(options, access, registries, context);
  SbomSettings sbom_settings;
  if (options.sbom.is_wanted()) sbom_settings.formats = parse_sbom_formats(options.sbom.formats);
  PushCompanions companions;
  if (!options.sign_key.empty()) companions.key = read_signing_key(options.sign_key);
  check_before_building(options, recipe, destinations, registries);

  apk::Fetcher fetcher = access.fetcher(recipe);
  build_options.lock = choose_lock({options.recipe, recipe, build_options.resolve},
                                   options.repositories.lock, fetcher, context);
  const bool has_lock_file = build_options.lock != nullptr;
  if (options.provenance.is_wanted)
    build_options.lock =
        recorded_lock(build_options.lock, recipe, build_options.resolve, fetcher, context);
  const BuildResult result = build(recipe, build_options, fetcher, context.progress, context.stop);
  note_scripts(result.scripts, context.progress);

  const PushContent content =
      push_content(result.images.images, result.images.index,
                   options.docker_types ? MediaTypes::docker : MediaTypes::oci);
  push_to_all(destinations, content, options.push, access.store(), context.progress);
  note_pushes(destinations, context.progress);
  sbom_settings.index = IndexSbom::always;
  sbom_settings.scratch = build_options.scratch;
  describe({result.images, content, Reference::parse(options.references.front()).familiar()},
           sbom_settings,
           {options.recipe, recipe, build_options, has_lock_file, options.docker_types},
           options.provenance, context, companions);
  const Attached attached = attach_to_all(destinations, content, companions, context.progress);
  if (!options.image_refs.empty())
    write_file(options.image_refs, image_refs_text(destinations, content));
  if (options.json)
    print_json(context, publish_json(destinations, content, attached));
  else
    context.out << destinations.front().by_digest(content.top.digest) << '\n';
}

}  // namespace

void add_publish_command(Commands& commands) {
  auto options = std::make_shared<PublishOptions>();
  CLI::App& command = commands.add(
      commands.root(), "publish",
      "Build an image from a recipe and push it to registries; print its name by digest",
      "  tarn publish base.yaml registry.example.org/team/base:3.22\n"
      "  tarn publish base.yaml --arch x86_64,aarch64 localhost:5000/base:1.2 "
      "localhost:5000/base:latest\n"
      "  tarn publish base.yaml registry.example.org/team/base --sbom --provenance "
      "--sign-key key.pem");
  add_recipe_options(command, options->recipe);
  add_compression_option(command, options->recipe);
  command
      .add_option("REF", options->references,
                  "Names to push it under: [REGISTRY/]NAME[:TAG], one or more")
      ->required()
      ->option_text(" ");
  add_repository_options(command, options->repositories);
  add_locked_option(command, options->repositories);
  add_same_versions_option(command, options->repositories);
  add_annotation_option(command, options->annotations);
  add_registry_options(command, options->registry);
  add_push_options(command, options->push);
  add_sbom_options(command, options->sbom, "Attach SBOMs to the images and the index");
  add_provenance_options(command, options->provenance);
  command
      .add_option(
          "--sign-key", options->sign_key,
          "Sign the images, the index and their provenance with this key (private, PEM), as "
          "'tarn sign' does")
      ->option_text("KEY");
  command.add_flag("--docker-media-types", options->docker_types,
                   "Use docker's media types in place of OCI's (no annotations, no zstd)");
  command
      .add_option("--image-refs", options->image_refs,
                  "Write the names by digest, of each platform and of the index, to FILE")
      ->option_text("FILE");
  command.add_flag("--json", options->json, "Print what was pushed as JSON");
  commands.on(command, [options](const Context& context) { run_publish(*options, context); });
}

}  // namespace tarn::builder
