#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apk/support/hash.h"
#include "apk/support/progress.h"
#include "builder/build.h"
#include "builder/layer/layer_cache.h"
#include "builder/recipe/recipe.h"
#include "builder/resolution.h"

namespace tarn::builder {

/// A line that a build had for the person.
struct Note {
  NoteLevel level = NoteLevel::info;
  std::string text;
};

/// What came of a build.
struct BuildOutcome {
  std::vector<Image> images;  ///< with their layers
  JsonBlob index;
  std::vector<ScriptRun> scripts;
  std::vector<std::size_t> package_counts;  ///< of each image
  std::vector<Note> notes;
};

/// What a build is known by: a hash of everything its outcome depends on, which is the recipe in
/// its canonical form, with the content of the files it names on the host; its indexes (known by
/// their digests) and keys, or its lock; what the options say of the image; and this very program.
/// Nothing for a recipe with a base image, since that may lie anywhere.
std::optional<Sha256Digest> build_key(const Recipe& recipe, const BuildOptions& options,
                                      const FetchedRepositories& repositories);

/// The outcomes of builds, in the store; their layers are in the layer cache.
class BuildMemo {
 public:
  /// Both must outlive the memo.
  BuildMemo(apk::Store& store, const LayerCache& layers) : store_(store), layers_(layers) {}

  /// The outcome with all its layers, their octets checked on `threads` threads; nothing when any
  /// of it is missing or damaged.
  std::optional<BuildOutcome> find(const Sha256Digest& key, std::size_t threads) const;
  /// Remembers it, if all its layers are in the cache.
  void put(const Sha256Digest& key, const BuildOutcome& outcome);

 private:
  apk::Store& store_;
  const LayerCache& layers_;
};

/// Hands everything on, and keeps what a person is told.
class NoteKeeper final : public Progress {
 public:
  explicit NoteKeeper(Progress& beneath) : beneath_(beneath) {}

  Task begin(std::string_view label, std::optional<std::uint64_t> total) override {
    return beneath_.begin(label, total);
  }
  void advance(Task task, std::uint64_t done) override { beneath_.advance(task, done); }
  void end(Task task, TaskOutcome outcome) override { beneath_.end(task, outcome); }
  void note(NoteLevel level, std::string_view text) override;
  void record(const SpanRecord& span) override { beneath_.record(span); }
  void count(std::string_view name, std::uint64_t number) override { beneath_.count(name, number); }

  std::vector<Note> take() { return std::move(notes_); }

 private:
  Progress& beneath_;
  std::mutex mutex_;
  std::vector<Note> notes_;
};

}  // namespace tarn::builder
