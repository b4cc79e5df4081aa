#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "builder/cli/commands.h"
#include "builder/cli/image_reader.h"
#include "builder/image/descriptors.h"
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

const Image* find_image(const Images& images, const apk::Architecture& architecture) {
  const auto found = std::ranges::find(images.images, architecture, &Image::architecture);
  return found != images.images.end() ? &*found : nullptr;
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
  const Images before = reader.read(options.before);
  const Images after = reader.read(options.after);
  const Span pass(context.progress, pass_category, "compare");
  nlohmann::ordered_json json = {{"before", options.before},
                                 {"after", options.after},
                                 {"images", nlohmann::ordered_json::array()}};
  std::size_t compared = 0;
  for (const Image* old : by_platform(before.images)) {
    const Image* now = find_image(after, old->architecture);
    if (now == nullptr) continue;
    ++compared;
    const UnpackedImage left = reader.unpack(*old);
    const UnpackedImage right = reader.unpack(*now);
    const ImageDifference difference = compare_images(comparable(left), comparable(right));
    const std::string platform = old->architecture.platform();
    if (options.json) {
      json["images"].push_back({{"platform", platform}});
      json["images"].back().update(difference_json(difference));
    } else {
      print_difference(options, platform, difference, context.out);
    }
  }
  const auto note_missing = [&](const Images& from, const Images& in, const std::string& name) {
    for (const Image& image : from.images)
      if (find_image(in, image.architecture) == nullptr)
        context.progress.note(NoteLevel::warning, fmt::format("{} has no image for {}", name,
                                                              image.architecture.platform()));
  };
  note_missing(before, after, options.after);
  note_missing(after, before, options.before);
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
      "  tarn diff main/base.yaml base.yaml --arch x86_64 --markdown >>\"$GITHUB_STEP_SUMMARY\"");
  command.add_option("BEFORE", options->before, std::string("The older: ") + image_kinds)
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
