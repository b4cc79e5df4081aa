#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

namespace tarn::builder {

/// What a credential helper gives for a server.
struct HelperAnswer {
  std::string user;
  std::string secret;
};

/// A program docker-credential-NAME, found by $PATH and run without a shell, which keeps
/// credentials (the protocol of docker's credential helpers: a verb as its argument, JSON or a
/// server's address over its standard input and output).
class CredentialHelper {
 public:
  /// Throws Error (usage) for a name that is no plain word.
  explicit CredentialHelper(const std::string& name,
                            std::chrono::milliseconds time_limit = std::chrono::seconds(60));

  /// Nothing when the helper has none for that server. Throws Error when it cannot be run, fails,
  /// or takes too long.
  std::optional<HelperAnswer> get(const std::string& server, const std::stop_token& stop) const;
  void store(const std::string& server, const HelperAnswer& answer,
             const std::stop_token& stop) const;
  /// Gives whether it had any.
  bool erase(const std::string& server, const std::stop_token& stop) const;

  const std::string& program() const { return program_; }

 private:
  std::string program_;
  std::chrono::milliseconds time_limit_;
};

}  // namespace tarn::builder
