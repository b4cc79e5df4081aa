#include "builder/signing/sign_image.h"

#include <algorithm>
#include <exception>
#include <map>
#include <optional>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/image/json.h"
#include "builder/registry/client.h"
#include "builder/signing/envelope.h"
#include "builder/signing/simple_signing.h"

namespace tarn::builder {
namespace {

constexpr std::uint64_t largest_payload = 64U << 10U;
/// How much longer than the payload in base64 an envelope with a few signatures is.
constexpr std::uint64_t most_around_payload = 16U << 10U;
constexpr unsigned deepest_index = 4;
constexpr std::size_t most_images = 1000;
constexpr std::size_t most_shown = 8;

/// docker's own registry has another name in what cosign signs.
std::string signed_reference(const RegistrySession& session) {
  return session.domain() == "docker.io" ? "index.docker.io/" + session.path() : session.name();
}

/// Payloads of one repository; those of several signatures are often the same.
class Payloads {
 public:
  explicit Payloads(RegistrySession& session) : session_(session) {}
  void know(const Sha256Digest& digest, std::string text) { known_[digest] = std::move(text); }
  const std::string& get(const Sha256Digest& digest) {
    const auto found = known_.find(digest);
    if (found != known_.end()) return found->second;
    return known_[digest] = fetch_payload(session_, digest, largest_payload);
  }

 private:
  RegistrySession& session_;
  std::map<Sha256Digest, std::string> known_;
};

/// What a signature that was found says; empty: it is the key's, over the image.
std::string fault_of(const SignedLayer& layer, Payloads& payloads, const Sha256Digest& image,
                     const VerifyingKey& key) {
  if (layer.media_type != simple_signing_type) return "something that is no signature";
  const auto signature = from_base64(layer.signature);
  if (!signature || signature->empty()) return "a signature that is malformed";
  if (layer.size > largest_payload) return "a signature over something too large";
  const std::string& payload = payloads.get(layer.digest);
  const bool is_by_key = key.verifies(as_bytes(payload), *signature);
  const auto signing = read_simple_signing(payload);
  if (!is_by_key) return "a signature by another key";
  if (!signing) return "a signature by this key over something that is no image";
  if (signing->digest != image)
    return "a signature by this key over another image, " + digest_text(signing->digest);
  return {};
}

/// The same, where the registry does not give the payload or gives another.
std::string fault_or_refusal(const SignedLayer& layer, Payloads& payloads,
                             const Sha256Digest& image, const VerifyingKey& key,
                             std::exception_ptr& network_failure) {
  try {
    return fault_of(layer, payloads, image, key);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    if (error.kind() == ErrorKind::network && !network_failure)
      network_failure = std::current_exception();
    return "a signature that cannot be read: " + error.message();
  }
}

Error no_signature(const RegistrySession& session, const Sha256Digest& image,
                   const VerifyingKey& key, const std::map<std::string, std::size_t>& faults) {
  Error error(ErrorKind::trust,
              faults.empty()
                  ? fmt::format("{}@{} is not signed", session.name(), digest_text(image))
                  : fmt::format("{}@{} is not signed by the key {}", session.name(),
                                digest_text(image), key.name()));
  error.detail("expected",
               fmt::format("a signature by {}, sha256:{}", key.name(), to_hex(key.fingerprint())));
  std::size_t shown = 0;
  for (const auto& [fault, count] : faults) {
    if (++shown > most_shown) break;
    error.detail("found", count == 1 ? fault : fmt::format("{} ({} times)", fault, count));
  }
  if (faults.size() > most_shown)
    error.detail("found", fmt::format("{} others", faults.size() - most_shown));
  if (faults.empty())
    error.detail("found",
                 fmt::format("no signature under {}:{}", session.name(), signature_tag(image)));
  error.hint("use the image only if you know by other means where it comes from");
  return error;
}

void collect_digests(RegistrySession& session, const JsonBlob& manifest, unsigned depth,
                     std::vector<Sha256Digest>& digests) {
  if (std::ranges::find(digests, manifest.digest) != digests.end()) return;
  const auto malformed = [&](const char* what) {
    return Error(ErrorKind::trust, fmt::format("the index {} of {} {}",
                                               digest_text(manifest.digest), session.name(), what));
  };
  digests.push_back(manifest.digest);
  if (digests.size() > most_images) throw malformed("lists too many images");
  const Json json = Json::parse(manifest.text, nullptr, false);
  if (!json.is_object()) throw malformed("is no JSON object");
  const auto listed = json.find("manifests");
  if (listed == json.end()) return;
  if (!listed->is_array()) throw malformed("has a malformed list");
  if (depth == deepest_index) throw malformed("has too many indexes in each other");
  for (const Json& entry : *listed) {
    const auto member = entry.is_object() ? entry.find("digest") : entry.end();
    const auto listed_digest = member != entry.end() && member->is_string()
                                   ? parse_digest_text(member->get_ref<const std::string&>())
                                   : std::nullopt;
    if (!listed_digest) throw malformed("lists something without a sha256 digest");
    const std::string digest = digest_text(*listed_digest);
    const auto below = get_manifest(session, digest);
    if (!below)
      throw Error(ErrorKind::network, fmt::format("{} lists {}, which is not there",
                                                  digest_text(manifest.digest), digest))
          .hint("sign what is there with --no-recursive");
    collect_digests(session, *below, depth + 1, digests);
  }
}

}  // namespace

std::string signature_tag(const Sha256Digest& image) {
  return "sha256-" + to_hex(image) + ".sig";
}

std::string attestation_tag(const Sha256Digest& image) {
  return "sha256-" + to_hex(image) + ".att";
}

Addition sign_image(RegistrySession& session, const Sha256Digest& image, const SigningKey& key) {
  NewLayer layer;
  layer.payload.text = write_simple_signing({signed_reference(session), image});
  layer.payload.digest = sha256(layer.payload.text);
  layer.payload.media_type = simple_signing_type;
  layer.signature = to_base64(key.sign(as_bytes(layer.payload.text)));
  Payloads payloads(session);
  payloads.know(layer.payload.digest, layer.payload.text);
  // ECDSA gives another signature each time: whether it is there is seen by checking what is.
  return add_signed_layer(session, signature_tag(image), layer, [&](const SignedLayer& there) {
    std::exception_ptr passed_over;
    return fault_or_refusal(there, payloads, image, key.verifying_key(), passed_over).empty();
  });
}

Addition attest_image(RegistrySession& session, const Sha256Digest& image,
                      const JsonBlob& statement, const std::string& predicate_type,
                      const SigningKey& key) {
  NewLayer layer;
  layer.payload.text = sign_envelope(statement.media_type, statement.text, key);
  layer.payload.digest = sha256(layer.payload.text);
  layer.payload.media_type = envelope_type;
  layer.predicate_type = predicate_type;
  const std::uint64_t least = statement.text.size() / 3 * 4;
  const std::uint64_t most = least + most_around_payload;
  return add_signed_layer(session, attestation_tag(image), layer, [&](const SignedLayer& there) {
    if (there.media_type != envelope_type || there.size < least || there.size > most) return false;
    return is_envelope_of(fetch_payload(session, there.digest, most), statement.media_type,
                          statement.text, key.verifying_key());
  });
}

void check_image_signature(RegistrySession& session, const Sha256Digest& image,
                           const VerifyingKey& key) {
  const SignedManifest manifest = SignedManifest::read(session, signature_tag(image));
  Payloads payloads(session);
  std::exception_ptr network_failure;
  std::map<std::string, std::size_t> faults;
  for (const SignedLayer& layer : manifest.layers()) {
    const std::string fault = fault_or_refusal(layer, payloads, image, key, network_failure);
    if (fault.empty()) return;
    ++faults[fault];
  }
  if (network_failure) std::rethrow_exception(network_failure);
  throw no_signature(session, image, key, faults);
}

std::vector<Sha256Digest> digests_below(RegistrySession& session, const JsonBlob& top) {
  std::vector<Sha256Digest> digests;
  collect_digests(session, top, 0, digests);
  return digests;
}

}  // namespace tarn::builder
