#include "builder/report/blob_check.h"

#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "apk/support/parallel.h"
#include "builder/image/json.h"
#include "builder/sink/layer_stream.h"

namespace tarn::builder {
namespace {

constexpr std::uint64_t largest_text = 16U << 20U;
constexpr std::uint64_t largest_blob = std::uint64_t{16} << 30U;
constexpr std::size_t most_blobs = 10000;
constexpr int deepest_index = 4;

/// What refers to a blob.
struct BlobReference {
  std::string name;  ///< "manifest of linux/amd64"
  Sha256Digest digest;
  std::uint64_t size = 0;
};

std::string text_at(const Json& json, const char* key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// "linux/arm/v7"; empty where it says nothing.
std::string platform_text(const Json& json) {
  const std::string os = text_at(json, "os");
  const std::string variant = text_at(json, "variant");
  if (os.empty()) return {};
  return fmt::format("{}/{}{}{}", os, text_at(json, "architecture"), variant.empty() ? "" : "/",
                     variant);
}

Json list_at(const Json& json, const char* key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  return found != json.end() && found->is_array() ? Json(*found) : Json::array();
}

class BlobWalk {
 public:
  BlobWalk(ImageSource& source, const std::vector<apk::Architecture>& architectures,
           const std::filesystem::path& scratch, const std::stop_token& stop)
      : source_(source), architectures_(architectures), scratch_(scratch), stop_(stop) {}

  BlobCheck run() {
    enter(source_.top(), {"the top", {}, 0}, Json::object(), 0);
    return std::move(check_);
  }

 private:
  /// Reads the descriptor of a blob; nothing, and a fault, when it is none.
  std::optional<BlobReference> refer(const Json& descriptor, const std::string& name) {
    const auto digest = parse_digest_text(text_at(descriptor, "digest"));
    const auto size = descriptor.is_object() ? descriptor.find("size") : descriptor.end();
    if (!digest || size == descriptor.end() || !size->is_number_unsigned() ||
        size->get<std::uint64_t>() > largest_blob) {
      check_.faults.push_back({name, "its descriptor has no sha256 digest, or no size", {}});
      return std::nullopt;
    }
    return BlobReference{name, *digest, size->get<std::uint64_t>()};
  }

  void fault(const BlobReference& reference, const std::string& message,
             std::vector<std::pair<std::string, std::string>> details = {}) {
    check_.faulty.insert(reference.digest);
    check_.faults.push_back(
        {reference.name + ", " + digest_text(reference.digest), message, std::move(details)});
  }

  /// What `read` gives; a fault where it throws.
  template <typename Read>
  auto attempt(const BlobReference& reference, const Read& read)
      -> std::optional<decltype(read())> {
    throw_if_stopped(stop_);
    if (++check_.blobs > most_blobs)
      throw Error(ErrorKind::failed, source_.name() + " refers to too many blobs");
    try {
      return read();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      fault(reference, error.message(), error.details());
      return std::nullopt;
    }
  }

  void check_size(const BlobReference& reference, std::uint64_t found) {
    if (found != reference.size)
      fault(reference, "it has another size than what refers to it says",
            {{"expected", fmt::format("{} octets", reference.size)},
             {"found", fmt::format("{} octets", found)}});
  }

  Json parse(const BlobReference& reference, const std::string& text) {
    Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) {
      fault(reference, "it is no JSON object");
      return Json::object();
    }
    return json;
  }

  /// An index or manifest that was read.
  void enter(const std::string& text, const BlobReference& reference, const Json& platform,
             int depth) {
    const Json json = parse(reference, text);
    if (!json.contains("manifests")) return enter_manifest(json, platform);
    if (depth == deepest_index) return fault(reference, "it has indexes in indexes without end");
    std::size_t number = 0;
    for (const Json& entry : list_at(json, "manifests")) {
      ++number;
      const Json here =
          entry.is_object() && entry.contains("platform") ? entry["platform"] : Json::object();
      if (!is_wanted(here)) continue;
      const std::string shown = platform_text(here);
      const bool is_index = text_at(entry, "mediaType").find("index") != std::string::npos;
      const auto below = refer(entry, is_index        ? "index"
                                      : shown.empty() ? fmt::format("manifest {}", number)
                                                      : "manifest of " + shown);
      if (!below || !seen_.insert(below->digest).second) continue;
      const auto read =
          attempt(*below, [&] { return source_.manifest(below->digest, largest_text); });
      if (!read) continue;
      check_size(*below, read->size());
      enter(*read, *below, here, depth + 1);
    }
  }

  /// By what an index says of it; variants count where both are known.
  bool is_wanted(const Json& platform) const {
    const std::string name = text_at(platform, "architecture");
    if (architectures_.empty() || name.empty()) return true;
    const std::string variant = text_at(platform, "variant");
    return std::ranges::any_of(architectures_, [&](const apk::Architecture& architecture) {
      return architecture.oci == name &&
             (variant.empty() || architecture.variant.empty() || architecture.variant == variant);
    });
  }

  void enter_manifest(const Json& manifest, const Json& listed) {
    const std::string shown = platform_text(listed);
    const std::string of = shown.empty() ? std::string() : " of " + shown;
    const auto reference =
        refer(manifest.contains("config") ? manifest["config"] : Json(), "config" + of);
    Json config = Json::object();
    if (reference) {
      const auto text =
          attempt(*reference, [&] { return source_.config(reference->digest, largest_text); });
      if (text) {
        check_size(*reference, text->size());
        config = parse(*reference, *text);
        if (!config.empty()) check_config(*reference, config, manifest, shown);
      }
    }
    const Json diff_ids =
        list_at(config.contains("rootfs") ? config["rootfs"] : Json(), "diff_ids");
    std::size_t number = 0;
    for (const Json& layer : list_at(manifest, "layers")) {
      const Json diff_id = number < diff_ids.size() ? diff_ids[number] : Json();
      ++number;
      if (const auto below = refer(layer, fmt::format("layer {}{}", number, of)))
        check_layer(*below, diff_id.is_string() ? diff_id.get<std::string>() : std::string());
    }
  }

  void check_config(const BlobReference& reference, const Json& config, const Json& manifest,
                    const std::string& listed) {
    const std::string own = platform_text(config);
    if (own.empty()) return;  // of an artifact that is no image
    const bool is_variant_only = listed.starts_with(own + "/") || own.starts_with(listed + "/");
    if (!listed.empty() && own != listed && !is_variant_only)
      fault(reference, "it is for another platform than the index says",
            {{"expected", listed}, {"found", own}});
    const std::size_t layers = list_at(manifest, "layers").size();
    const std::size_t diff_ids =
        list_at(config.contains("rootfs") ? config["rootfs"] : Json(), "diff_ids").size();
    if (layers != diff_ids)
      fault(reference, "its diff_ids are not as many as the manifest's layers",
            {{"expected", std::to_string(layers)}, {"found", std::to_string(diff_ids)}});
    if (!config.contains("history")) return;
    const Json history = list_at(config, "history");
    const auto with_layer =
        static_cast<std::size_t>(std::ranges::count_if(history, [](const Json& step) {
          return !step.is_object() || !step.contains("empty_layer") || step["empty_layer"] != true;
        }));
    if (with_layer != layers)
      fault(reference, "its history tells of another number of layers",
            {{"expected", std::to_string(layers)}, {"found", std::to_string(with_layer)}});
  }

  void check_layer(const BlobReference& reference, const std::string& diff_id) {
    if (!seen_.insert(reference.digest).second) return;
    auto blob = attempt(reference,
                        [&] { return source_.blob(reference.digest, reference.size, scratch_); });
    if (!blob || !diff_id.starts_with("sha256:")) return;
    const auto expected = parse_digest_text(diff_id);
    if (!expected) return fault(reference, "its diff_id is no sha256 digest");
    Layer layer;
    layer.diff_id = *expected;
    layer.blob = *std::move(blob);
    try {
      measure_layer(layer, largest_blob, stop_);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      fault(reference, error.message(), error.details());
    }
  }

  ImageSource& source_;
  const std::vector<apk::Architecture>& architectures_;
  const std::filesystem::path& scratch_;
  const std::stop_token& stop_;
  BlobCheck check_;
  std::set<Sha256Digest> seen_;
};

}  // namespace

BlobCheck check_blobs(ImageSource& source, const std::vector<apk::Architecture>& architectures,
                      const std::filesystem::path& scratch, const std::stop_token& stop) {
  return BlobWalk(source, architectures, scratch, stop).run();
}

}  // namespace tarn::builder
