#include <filesystem>
#include <memory>
#include <ostream>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/cli/commands.h"
#include "builder/cli/image_reader.h"
#include "builder/cli/size_tables.h"
#include "builder/image/descriptors.h"
#include "builder/report/run_recorder.h"
#include "builder/report/size_json.h"
#include "builder/report/size_report.h"

namespace tarn::builder {
namespace {

struct SizeOptions {
  ImageReaderOptions images;
  std::string image;
  std::filesystem::path page;
  std::size_t rows = 15;
  bool json = false;
};

void note_missing_database(const SizeReport& report, const std::string& image,
                           const Context& context) {
  if (report.packages.empty() && report.whole.files != 0)
    context.progress.note(NoteLevel::info,
                          image + " has no apk database: no file is known to be a package's");
}

void write_page(const SizeOptions& options, const SizeReport& report, const std::string& platform,
                const Context& context) {
  const std::string page = size_html(report, {options.image, platform});
  if (options.page == "-") {
    context.out << page;
    return;
  }
  write_file(options.page, page);
  context.progress.note(NoteLevel::info, "wrote " + options.page.string());
}

void run_size(const SizeOptions& options, const Context& context) {
  if (options.json && !options.page.empty())
    throw Error(ErrorKind::usage, "--json and --html are two forms of one report");
  ImageReader reader(options.images, context);
  const Images images = reader.read(options.image);
  const auto platforms = by_platform(images.images);
  if (!options.page.empty() && platforms.size() != 1)
    throw Error(ErrorKind::usage, "a page shows one image, and this one has several architectures")
        .hint("choose one with --arch");
  const Span pass(context.progress, pass_category, "measure");
  nlohmann::ordered_json json = {{"image", options.image},
                                 {"images", nlohmann::ordered_json::array()}};
  for (const Image* image : platforms) {
    const SizeReport report = measure_image(image->layers, context.stop);
    const std::string platform = image->architecture.platform();
    note_missing_database(report, options.image, context);
    if (options.json) {
      json["images"].push_back({{"platform", platform}});
      json["images"].back().update(size_json(report));
    } else if (!options.page.empty()) {
      write_page(options, report, platform, context);
    } else {
      context.out << (image == platforms.front() ? "" : "\n") << platform << ": "
                  << size_tables(report, options.rows);
    }
  }
  if (options.json) print_json(context, std::move(json));
}

}  // namespace

void add_size_command(Commands& commands) {
  auto options = std::make_shared<SizeOptions>();
  CLI::App& command =
      commands.add(commands.root(), "size",
                   "Show where each kilobyte of an image comes from, and what could be left out",
                   "  tarn size base.yaml\n"
                   "  tarn size image.tar --arch aarch64 --html size.html\n"
                   "  tarn size registry.example.org/team/base:3.22 --json");
  command.add_option("IMAGE", options->image, std::string("The image: ") + image_kinds)
      ->required()
      ->option_text(" ");
  add_image_reader_options(command, options->images);
  command.add_option("--rows", options->rows, "Rows of each table (default: 15; 0: all)")
      ->option_text("N");
  command.add_flag("--json", options->json, "Print everything as JSON");
  command
      .add_option(
          "--html", options->page,
          "Write a page for browsers to FILE ('-': standard output): treemap, table, search")
      ->option_text("FILE");
  commands.on(command, [options](const Context& context) { run_size(*options, context); });
}

}  // namespace tarn::builder
