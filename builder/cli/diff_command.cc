#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "builder/cli/commands.h"
#include "builder/cli/image_reader.h"
#include "builder/image/descriptors.h"
#include "builder/lock/lock_file.h"
#include "builder/report/image_difference_text.h"
#include "builder/report/run_recorder.h"

namespace tarn::builder {
namespace {

struct DiffOptions {
  std::string before;
  std::string after;
  ImageReaderOptions reader;
  bool json = false;
  bool markdown = false;
  bool files = false;
};

ComparedImage comparable(const UnpackedImage& image) {
  return {image.rootfs,   image.packages, image.config,
          image.manifest, image.size,     image.unpacked_size};
}

/// One of the two: images, or the packages of a lock.
class Side {
 public:
  Side(ImageReader& reader, std::string name, const DiffOptions& options, const Context& context)
      : reader_(reader), name_(std::move(name)) {
    if (!name_.ends_with(".json")) {
      images_ = reader.read(name_);
      for (const Image* image : by_platform(images_.images))
        architectures_.push_back(image->architecture);
      return;
    }
    lock_ = find_lock(name_);
    if (!lock_) throw Error(ErrorKind::usage, "there is no lock " + name_);
    const auto wanted = resolve_options(options.reader.repositories, context.options).architectures;
    for (const LockedArchitecture& locked : lock_->architectures)
      if (const auto architecture = apk::Architecture::parse(locked.architecture))
        if (wanted.empty() || std::ranges::find(wanted, *architecture) != wanted.end())
          architectures_.push_back(*architecture);
  }

  const std::string& name() const { return name_; }
  bool is_lock() const { return lock_.has_value(); }
  const std::vector<apk::Architecture>& architectures() const { return architectures_; }
  bool has(const apk::Architecture& architecture) const {
    return std::ranges::find(architectures_, architecture) != architectures_.end();
  }

  UnpackedImage unpack(const apk::Architecture& architecture) const {
    if (!is_lock())
      return reader_.unpack(*std::ranges::find(images_.images, architecture, &Image::architecture));
    UnpackedImage packages;
    for (const apk::PlannedPackage& planned : lock_->find(architecture.apk)->packages)
      packages.packages.emplace_back().package = planned.package;
    return packages;
  }

 private:
  ImageReader& reader_;
  std::string name_;
  Images images_;
  std::optional<Lock> lock_;
  std::vector<apk::Architecture> architectures_;
};

/// Where one of the two is a lock, packages are all that can be compared.
ImageDifference compare_sides(const Side& before, const Side& after,
                              const apk::Architecture& architecture) {
  UnpackedImage left = before.unpack(architecture);
  UnpackedImage right = after.unpack(architecture);
  if (before.is_lock() || after.is_lock()) {
    for (UnpackedImage* side : {&left, &right}) {
      std::vector<apk::InstalledPackage> packages = std::move(side->packages);
      *side = {};
      side->packages = std::move(packages);
    }
  }
  return compare_images(comparable(left), comparable(right));
}

void print_difference(const DiffOptions& options, const std::string& platform,
                      const ImageDifference& difference, std::ostream& out) {
  const auto listed = options.files ? ListedFiles::all : ListedFiles::unexplained;
  if (options.markdown)
    out << fmt::format(
        "### {}\n\n{}\n", platform,
        difference.empty() ? "no difference\n" : difference_markdown(difference, listed));
  else
    out << platform << (difference.empty() ? ": no difference\n" : "\n")
        << (difference.empty() ? std::string() : difference_text(difference, listed));
}

void run_diff(const DiffOptions& options, const Context& context) {
  if (options.json && options.markdown)
    throw Error(ErrorKind::usage, "--json and --markdown are two forms of one report");
  ImageReader reader(options.reader, context);
  const Side before(reader, options.before, options, context);
  const Side after(reader, options.after, options, context);
  const Span pass(context.progress, pass_category, "compare");
  nlohmann::ordered_json json = {{"before", options.before},
                                 {"after", options.after},
                                 {"images", nlohmann::ordered_json::array()}};
  std::size_t compared = 0;
  for (const apk::Architecture& architecture : before.architectures()) {
    if (!after.has(architecture)) continue;
    ++compared;
    const ImageDifference difference = compare_sides(before, after, architecture);
    const std::string platform = architecture.platform();
    if (options.json) {
      json["images"].push_back({{"platform", platform}});
      json["images"].back().update(difference_json(difference));
    } else {
      print_difference(options, platform, difference, context.out);
    }
  }
  const auto note_missing = [&](const Side& from, const Side& in) {
    for (const apk::Architecture& architecture : from.architectures())
      if (!in.has(architecture))
        context.progress.note(NoteLevel::warning, fmt::format("{} has no image for {}", in.name(),
                                                              architecture.platform()));
  };
  note_missing(before, after);
  note_missing(after, before);
  if (compared == 0) throw Error(ErrorKind::failed, "the two have no architecture in common");
  if (options.json) print_json(context, std::move(json));
}

}  // namespace

void add_diff_command(Commands& commands) {
  auto options = std::make_shared<DiffOptions>();
  CLI::App& command = commands.add(
      commands.root(), "diff", "Show what differs in two images: packages, files, config, sizes",
      "  tarn diff registry.example.org/team/base:3.22 base.yaml\n"
      "  tarn diff old.tar new.tar --files\n"
      "  git show main:base.lock.json >old.json; tarn diff old.json base.lock.json\n"
      "  tarn diff main/base.yaml base.yaml --arch x86_64 --markdown >>\"$GITHUB_STEP_SUMMARY\"");
  command
      .add_option("BEFORE", options->before,
                  std::string("The older: ") + image_kinds +
                      "; or a lock (.json), of which only packages are compared")
      ->required()
      ->option_text(" ");
  command.add_option("AFTER", options->after, "The newer: the same")->required()->option_text(" ");
  add_image_reader_options(command, options->reader);
  command.add_flag("--files", options->files,
                   "List all files, also those of packages that changed");
  command.add_flag("--markdown", options->markdown, "Print Markdown, for a pull request");
  command.add_flag("--json", options->json, "Print everything as JSON");
  commands.on(command, [options](const Context& context) { run_diff(*options, context); });
}

}  // namespace tarn::builder
