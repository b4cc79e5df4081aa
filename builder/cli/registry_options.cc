#include "builder/cli/registry_options.h"

#include <CLI/CLI.hpp>

namespace tarn::builder {
namespace {

HostOptions host_options(const RegistryOptions& options, const std::filesystem::path& ca_file) {
  HostOptions hosts;
  hosts.ca_file = ca_file;
  hosts.insecure = options.insecure;
  hosts.certificate_folders =
      usual_certificate_folders(apk::environment_variable("HOME").value_or(""));
  return hosts;
}

CurlClientOptions client_options(HostOptions hosts) {
  CurlClientOptions options;
  options.hosts = std::move(hosts);
  options.user_agent = "tarn/" TARN_VERSION;
  return options;
}

}  // namespace

void add_registry_options(CLI::App& command, RegistryOptions& options) {
  command
      .add_option("--insecure", options.insecure,
                  "A registry whose certificate is not checked, or that speaks plain http (may be "
                  "repeated)")
      ->option_text("HOST[:PORT]")
      ->allow_extra_args(false);
  command
      .add_option("--authfile", options.auth_file,
                  "File with credentials for registries (default: those of podman and docker)")
      ->option_text("FILE");
}

void add_push_options(CLI::App& command, PushSettings& settings) {
  command.add_option("--jobs", settings.jobs, "Blobs to push at a time (default: 4)")
      ->check(CLI::Range(1, 64))
      ->option_text("N");
  command
      .add_option("--chunk-size", settings.chunk_size,
                  "Push blobs in pieces of this size (default: each in one request)")
      ->transform(CLI::AsSizeValue(false))
      ->option_text("SIZE");
}

RegistryAccess::RegistryAccess(const RegistryOptions& options, const std::filesystem::path& ca_file,
                               const Context& context)
    : context_(context),
      host_options_(host_options(options, ca_file)),
      hosts_(host_options_),
      client_(client_options(host_options_)),
      http_(client_, context.progress),
      credentials_(apk::environment_variable, context.stop, options.auth_file) {}

RegistryWorld RegistryAccess::world() {
  return {
      .http = http_,
      .hosts = hosts_,
      .credentials = [this](const std::string& domain,
                            const std::string& path) { return credentials_.find(domain, path); },
      .progress = context_.progress,
      .stop = context_.stop};
}

std::function<std::unique_ptr<ImageSource>(const std::string& reference)> RegistryAccess::opener() {
  return [this](const std::string& reference) {
    return open_repository(world(), SourceReference::parse(reference));
  };
}

}  // namespace tarn::builder
