#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apk/fetch/fetcher.h"
#include "builder/build.h"
#include "builder/cli/attached_artifacts.h"
#include "builder/cli/command.h"
#include "builder/cli/recipe_options.h"
#include "builder/provenance/statement.h"

namespace tarn::builder {

/// What a person asks for of the provenance of what is built.
struct ProvenanceOptions {
  bool is_wanted = false;
  std::filesystem::path place;  ///< a file or folder; empty: beside the output
  std::string builder = default_builder;
};

/// Declares --provenance with a place, and --builder-id, for commands that write files.
void add_provenance_file_options(CLI::App& command, ProvenanceOptions& options);
/// Declares --provenance and --builder-id, for commands that push.
void add_provenance_options(CLI::App& command, ProvenanceOptions& options);

/// Where the statement is written: the place asked for, else OUTPUT.provenance.json; in a folder
/// (existing, or ending in '/') under the name that it would have beside the output.
std::filesystem::path provenance_path(const ProvenanceOptions& options,
                                      const std::filesystem::path& stem);

/// How an image was built: everything but what came of it.
struct RecordedBuild {
  const RecipeOptions& recipe_options;
  const Recipe& recipe;
  const BuildOptions& options;  ///< with the lock
  bool has_lock_file = false;   ///< the lock is the one that stands beside the recipe
  bool has_docker_types = false;
};

/// The lock to build from where everything that goes in is to be told: the one given, else one made
/// for this build. Throws as lock_recipe().
std::shared_ptr<const Lock> recorded_lock(std::shared_ptr<const Lock> lock, const Recipe& recipe,
                                          const ResolveOptions& resolve, apk::Fetcher& fetcher,
                                          const Context& context);

/// The statement about manifests, and the index over them where there is one.
JsonBlob provenance_of(const RecordedBuild& build, const ProvenanceOptions& options,
                       const std::vector<ProvenanceSubject>& subjects);

/// The images that were built, with their index where they are several.
std::vector<ProvenanceSubject> built_subjects(const Images& images);
/// The manifests that were pushed, and the index.
std::vector<ProvenanceSubject> pushed_subjects(const PushedImages& pushed);

/// The statement as an artifact of each of the manifests that it is about.
std::vector<Artifact> provenance_artifacts(const PushContent& content, const JsonBlob& statement);

}  // namespace tarn::builder
