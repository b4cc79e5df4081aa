#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "builder/cli/command.h"
#include "builder/registry/credentials.h"
#include "builder/registry/curl_client.h"
#include "builder/registry/image_source.h"
#include "builder/registry/measured_client.h"
#include "builder/registry/push.h"
#include "builder/registry/session.h"

namespace tarn::builder {

/// The options of every command that speaks to a registry.
struct RegistryOptions {
  std::vector<std::string> insecure;
  std::filesystem::path auth_file;
};

/// The options of every command that pushes.
struct PushSettings {
  std::size_t jobs = 4;
  std::uint64_t chunk_size = 0;
};

void add_registry_options(CLI::App& command, RegistryOptions& options);
void add_push_options(CLI::App& command, PushSettings& settings);

/// Everything between a command and registries: certificates, credentials, HTTP.
class RegistryAccess {
 public:
  RegistryAccess(const RegistryOptions& options, const std::filesystem::path& ca_file,
                 const Context& context);
  const CredentialStore& credentials() const { return credentials_; }
  /// With the credentials that the person has for each registry.
  RegistryWorld world();
  /// ResolveOptions::open_repository. What it gives must not outlive this.
  std::function<std::unique_ptr<ImageSource>(const std::string& reference)> opener();

 private:
  const Context& context_;
  HostOptions host_options_;
  Hosts hosts_;
  CurlClient client_;
  MeasuredClient http_;
  CredentialStore credentials_;
};

}  // namespace tarn::builder
