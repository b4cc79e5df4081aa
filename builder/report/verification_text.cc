#include "builder/report/verification_text.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include "builder/image/json.h"
#include "builder/report/image_difference_text.h"

namespace tarn::builder {
namespace {

/// What a value is, and what it should be.
std::string wrong_value_text(const ValueDifference& value) {
  const auto shown = [](const std::string& text) {
    return text.empty() ? std::string("none") : line_text(text);
  };
  return fmt::format("{} is {}, not {}", line_text(value.name), shown(value.after),
                     shown(value.before));
}

std::string wrong_file_text(const FileDifference& file) {
  std::string text = line_text(file.path);
  if (!file.package.empty()) text += fmt::format(" [{}]", file.package);
  if (file.change == FileChange::added) return text + ": should not be there";
  if (file.change == FileChange::removed) return text + ": is missing";
  std::string values;
  for (const ValueDifference& value : file.values)
    values += (values.empty() ? ": " : ", ") + wrong_value_text(value);
  return text + values;
}

template <typename List, typename Line>
void add_list(std::string& text, const std::string& heading, const List& list, const Line& line) {
  if (list.empty()) return;
  text += "  " + heading + "\n";
  for (const auto& item : list) text += "    " + line(item) + "\n";
}

std::string blobs_text(const BlobCheck& blobs) {
  std::string text =
      fmt::format("blobs: {} read, {}\n", blobs.blobs,
                  blobs.faults.empty() ? "all as what refers to them says"
                                       : fmt::format("{} wrong", blobs.faults.size()));
  for (const BlobFault& fault : blobs.faults) {
    text += fmt::format("  {}: {}\n", line_text(fault.blob), line_text(fault.message));
    for (const auto& [label, detail] : fault.details)
      text += fmt::format("    {}: {}\n", label, line_text(detail));
  }
  return text;
}

std::string packages_text(const VerifiedImage& image, UnownedFiles unowned) {
  const PackageCheck& check = image.packages;
  if (!check.has_database)
    return "  it has no package database: its files are known by nothing but the layer's digest\n";
  std::string text = fmt::format("  {} packages, {} paths checked, {}\n", check.packages,
                                 check.paths, check.is_sound() ? "all sound" : "not all sound");
  add_list(text, "not as their packages have them:", check.differences, wrong_file_text);
  add_list(text, "the database:", check.faults, line_text);
  add_list(text, "as the recipe changes them:", image.by_recipe, wrong_file_text);
  add_list(text,
           "configuration, other than the packages brought it (scripts or people wrote there):",
           check.configuration, [](const FileDifference& file) {
             return fmt::format("{} [{}]", line_text(file.path), file.package);
           });
  if (!check.pruned.empty())
    text += fmt::format("  left out as a whole: {} ({} paths)\n", fmt::join(check.pruned, ", "),
                        check.pruned_paths);
  if (check.unowned.empty()) return text;
  const std::string links = check.busybox_links != 0
                                ? fmt::format(", {} of them links to busybox", check.busybox_links)
                                : std::string();
  text += fmt::format("  of no package: {} files and links{}\n", check.unowned.size(), links);
  if (unowned == UnownedFiles::listed)
    for (const std::string& path : check.unowned) text += "    " + line_text(path) + "\n";
  return text;
}

std::string rebuilt_text(const RebuildDifference& rebuilt, const std::string& recipe) {
  if (rebuilt.empty()) return fmt::format("  {} gives the same, bit by bit\n", recipe);
  std::string text;
  add_list(text, fmt::format("files, other than {} gives them:", recipe), rebuilt.layers.records,
           wrong_file_text);
  add_list(text, fmt::format("layers, other than {} gives them:", recipe), rebuilt.layers.forms,
           line_text);
  add_list(text, fmt::format("config, other than {} gives it:", recipe), rebuilt.config,
           wrong_value_text);
  add_list(text, fmt::format("manifest, other than {} gives it:", recipe), rebuilt.manifest,
           wrong_value_text);
  for (const std::string& name : rebuilt.rewritten)
    text += fmt::format("  {}: the same values as {} gives, in other octets\n", name, recipe);
  return text;
}

nlohmann::ordered_json blobs_json(const BlobCheck& blobs) {
  auto faults = nlohmann::ordered_json::array();
  for (const BlobFault& fault : blobs.faults) {
    auto details = nlohmann::ordered_json::object();
    for (const auto& [label, detail] : fault.details) details[label] = detail;
    faults.push_back(
        {{"blob", fault.blob}, {"message", fault.message}, {"details", std::move(details)}});
  }
  return {{"read", blobs.blobs}, {"faults", std::move(faults)}};
}

nlohmann::ordered_json packages_json(const PackageCheck& check) {
  if (!check.has_database) return nullptr;
  return {{"packages", check.packages},
          {"paths", check.paths},
          {"differences", files_json(check.differences)},
          {"database", check.faults},
          {"configuration", files_json(check.configuration)},
          {"pruned", {{"sets", check.pruned}, {"paths", check.pruned_paths}}},
          {"unowned", check.unowned}};
}

nlohmann::ordered_json rebuilt_json(const RebuildDifference& rebuilt) {
  return {{"same", rebuilt.empty()},
          {"files", files_json(rebuilt.layers.records)},
          {"layers", rebuilt.layers.forms},
          {"config", values_json(rebuilt.config)},
          {"manifest", values_json(rebuilt.manifest)},
          {"rewritten", rebuilt.rewritten}};
}

}  // namespace

std::string verification_text(const Verification& verification, UnownedFiles unowned) {
  std::string text;
  if (verification.blobs.blobs != 0) text += blobs_text(verification.blobs);
  for (const VerifiedImage& image : verification.images) {
    if (!image.unreadable.empty()) {
      text +=
          fmt::format("{}\n  not looked into: {}\n", image.platform, line_text(image.unreadable));
      continue;
    }
    text += fmt::format("{} {}\n", image.platform, digest_text(image.manifest));
    text += packages_text(image, unowned);
    if (image.rebuilt) text += rebuilt_text(*image.rebuilt, verification.recipe);
  }
  if (!verification.index.empty())
    text += fmt::format("index, other than {} gives it:\n", verification.recipe);
  for (const ValueDifference& value : verification.index)
    text += "  " + wrong_value_text(value) + "\n";
  if (verification.rewritten_index)
    text +=
        fmt::format("index: the same values as {} gives, in other octets\n", verification.recipe);
  return text;
}

nlohmann::ordered_json verification_json(const Verification& verification) {
  auto images = nlohmann::ordered_json::array();
  for (const VerifiedImage& image : verification.images) {
    images.push_back({{"platform", image.platform}});
    if (!image.unreadable.empty()) {
      images.back()["unreadable"] = image.unreadable;
      continue;
    }
    images.back()["manifest"] = digest_text(image.manifest);
    images.back()["packages"] = packages_json(image.packages);
    images.back()["by_recipe"] = files_json(image.by_recipe);
    if (image.rebuilt) images.back()["rebuilt"] = rebuilt_json(*image.rebuilt);
  }
  nlohmann::ordered_json json = {{"image", verification.name},
                                 {"differences", verification.differences()},
                                 {"blobs", blobs_json(verification.blobs)},
                                 {"images", std::move(images)}};
  if (verification.recipe.empty()) return json;
  json["recipe"] = verification.recipe;
  json["index"] = values_json(verification.index);
  json["rewritten_index"] = verification.rewritten_index;
  return json;
}

}  // namespace tarn::builder
