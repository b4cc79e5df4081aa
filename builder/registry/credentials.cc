#include "builder/registry/credentials.h"

#include <algorithm>

#include <fmt/core.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/hash.h"
#include "builder/image/json.h"
#include "builder/registry/credential_helper.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_file = 4U << 20U;
constexpr std::string_view hub = "docker.io";
constexpr const char* hub_server = "https://index.docker.io/v1/";
constexpr const char* token_user = "<token>";  ///< a helper's secret is an identity token

/// The registry that a key of an auth file means: "https://index.docker.io/v1/" is docker.io.
std::string registry_of_key(std::string_view key) {
  for (const std::string_view scheme : {"https://", "http://"})
    if (key.starts_with(scheme)) key.remove_prefix(scheme.size());
  key = key.substr(0, key.find('/'));
  if (key == "index.docker.io" || key == "registry-1.docker.io") key = hub;
  return std::string(key);
}

/// Whether the key is one for a whole registry, perhaps in an old spelling with the API's version.
bool is_registry_key(std::string_view key) {
  const bool has_scheme = key.find("://") != std::string_view::npos;
  if (has_scheme) key.remove_prefix(key.find("://") + 3);
  const auto slash = key.find('/');
  if (slash == std::string_view::npos) return true;
  const auto path = key.substr(slash);
  return path == "/" || path == "/v1" || path == "/v1/" || path == "/v2" || path == "/v2/";
}

/// What a helper and docker's own file call a registry.
std::string server_name(const std::string& domain) {
  return domain == hub ? hub_server : domain;
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

class AuthFile {
 public:
  explicit AuthFile(fs::path path) : path_(std::move(path)) {
    std::error_code ignored;
    exists_ = fs::exists(path_, ignored);
    if (!exists_) return;
    const std::string text =
        with_context("reading credentials", [&] { return read_file(path_, largest_file); });
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) return;
    json_ = Json::parse(text, nullptr, false);
    if (!json_.is_object())
      throw Error(ErrorKind::failed,
                  fmt::format("the file with credentials {} is no JSON object", path_.string()));
  }

  bool exists() const { return exists_; }
  const fs::path& path() const { return path_; }

  std::optional<Credentials> find(const std::string& domain, const std::string& repository,
                                  const std::stop_token& stop) const {
    // Names of repositories have no helpers: they come first, the longest first.
    for (std::string name = repository; !name.empty();) {
      if (const Json* auth = section("auths", domain + "/" + name))
        if (const auto found = read(*auth, domain + "/" + name)) return found;
      const auto slash = name.rfind('/');
      name.resize(slash == std::string::npos ? 0 : slash);
    }
    if (const std::string helper = helper_of(domain, "credHelpers"); !helper.empty())
      return ask(helper, domain, stop);
    if (const std::string helper = text_of(json_, "credsStore"); !helper.empty())
      if (const auto found = ask(helper, domain, stop)) return found;
    for (const std::string& key : keys_of(domain))
      if (const Json* auth = section("auths", key))
        if (const auto found = read(*auth, key)) return found;
    return std::nullopt;
  }

  std::string helper(const std::string& domain) const {
    const std::string own = helper_of(domain, "credHelpers");
    return own.empty() ? text_of(json_, "credsStore") : own;
  }

  bool has_entry(const std::string& domain) const {
    return std::ranges::any_of(keys_of(domain),
                               [&](const std::string& key) {
                                 const Json* auth = section("auths", key);
                                 return auth != nullptr &&
                                        (auth->contains("auth") || auth->contains("identitytoken"));
                               }) ||
           !helper_of(domain, "credHelpers").empty();
  }

  void put(const std::string& domain, const Credentials& credentials) {
    for (const std::string& key : keys_of(domain)) json_["auths"].erase(key);
    const std::string key = path_.filename() == "config.json" ? server_name(domain) : domain;
    Json& auth = json_["auths"][key];
    auth = Json::object();
    auth["auth"] = to_base64(as_bytes(credentials.user + ":" + credentials.password));
    if (!credentials.identity_token.empty()) auth["identitytoken"] = credentials.identity_token;
  }

  bool erase(const std::string& domain) {
    bool any = false;
    for (const std::string& key : keys_of(domain)) {
      json_["auths"].erase(key);
      any = true;
    }
    return any;
  }

  void save() const {
    make_directories(path_.parent_path());
    const auto replace = Json::error_handler_t::replace;
    // Behind a symbolic link lies the file that is meant.
    std::error_code status;
    const fs::path target = fs::canonical(path_, status);
    write_file(status ? path_ : target, json_.dump(1, '\t', false, replace) + "\n", 0600);
  }

 private:
  const Json* section(const char* name, const std::string& key) const {
    const auto found = json_.find(name);
    if (found == json_.end() || !found->is_object()) return nullptr;
    const auto entry = found->find(key);
    return entry == found->end() ? nullptr : &*entry;
  }

  /// The keys of "auths" for the whole registry: its name first, then older spellings.
  std::vector<std::string> keys_of(const std::string& domain) const {
    std::vector<std::string> keys;
    const auto auths = json_.find("auths");
    if (auths == json_.end() || !auths->is_object()) return keys;
    for (const auto& [key, value] : auths->items())
      if (is_registry_key(key) && registry_of_key(key) == domain) keys.push_back(key);
    std::stable_partition(keys.begin(), keys.end(),
                          [&](const std::string& key) { return key == domain; });
    return keys;
  }

  std::string helper_of(const std::string& domain, const char* name) const {
    const auto helpers = json_.find(name);
    if (helpers == json_.end() || !helpers->is_object()) return {};
    for (const auto& [key, value] : helpers->items())
      if (is_registry_key(key) && registry_of_key(key) == domain && value.is_string())
        return value.get<std::string>();
    return {};
  }

  std::optional<Credentials> ask(const std::string& name, const std::string& domain,
                                 const std::stop_token& stop) const {
    const CredentialHelper helper(name);
    const auto answer = with_context("reading credentials as " + path_.string() + " says",
                                     [&] { return helper.get(server_name(domain), stop); });
    if (!answer) return std::nullopt;
    Credentials credentials{.source = helper.program()};
    if (answer->user == token_user) {
      credentials.identity_token = answer->secret;
    } else {
      credentials.user = answer->user;
      credentials.password = answer->secret;
    }
    return credentials;
  }

  std::optional<Credentials> read(const Json& auth, const std::string& key) const {
    Credentials credentials{.source = path_.string()};
    credentials.identity_token = text_of(auth, "identitytoken");
    if (const std::string both = text_of(auth, "auth"); !both.empty()) {
      const auto decoded = from_base64(both);
      const std::string_view text = decoded ? as_text(*decoded) : std::string_view();
      const auto colon = text.find(':');
      if (colon == std::string_view::npos)
        throw Error(ErrorKind::failed,
                    fmt::format("the credentials for {} in {} cannot be read", key, path_.string()))
            .detail("expected", "user:password in base64");
      credentials.user = text.substr(0, colon);
      credentials.password = text.substr(colon + 1);
      // docker has padded passwords with NUL.
      while (credentials.password.ends_with('\0')) credentials.password.pop_back();
    } else {
      credentials.user = text_of(auth, "username");
      credentials.password = text_of(auth, "password");
    }
    if (credentials.user.empty() && credentials.identity_token.empty()) return std::nullopt;
    return credentials;
  }

  fs::path path_;
  bool exists_ = false;
  Json json_ = Json::object();
};

/// A variable that counts only when it is an absolute path.
fs::path folder_of(const apk::EnvironmentLookup& lookup, const std::string& name) {
  const auto value = lookup(name);
  return value && value->starts_with('/') ? fs::path(*value) : fs::path();
}

}  // namespace

CredentialStore::CredentialStore(const apk::EnvironmentLookup& lookup, std::stop_token stop,
                                 const fs::path& only)
    : stop_(std::move(stop)) {
  const auto named = lookup("REGISTRY_AUTH_FILE");
  if (!only.empty() || (named && !named->empty())) {
    files_.push_back(fs::absolute(only.empty() ? fs::path(*named) : only));
    return;
  }
  const fs::path home = folder_of(lookup, "HOME");
  fs::path runtime = folder_of(lookup, "XDG_RUNTIME_DIR");
  if (runtime.empty()) runtime = "/run";
  files_.push_back(folder_of(lookup, "XDG_RUNTIME_DIR").empty()
                       ? runtime / "containers" / std::to_string(::getuid()) / "auth.json"
                       : runtime / "containers/auth.json");
  fs::path config = folder_of(lookup, "XDG_CONFIG_HOME");
  if (config.empty() && !home.empty()) config = home / ".config";
  if (!config.empty()) files_.push_back(config / "containers/auth.json");
  const auto docker = lookup("DOCKER_CONFIG");
  if (docker && !docker->empty())
    files_.push_back(fs::absolute(*docker) / "config.json");
  else if (!home.empty())
    files_.push_back(home / ".docker/config.json");
}

std::optional<Credentials> CredentialStore::find(const std::string& domain,
                                                 const std::string& path) const {
  for (const fs::path& file : files_)
    if (const auto found = AuthFile(file).find(domain, path, stop_)) return found;
  return std::nullopt;
}

std::string CredentialStore::store(const std::string& domain,
                                   const Credentials& credentials) const {
  std::vector<AuthFile> files(files_.begin(), files_.end());
  auto chosen = std::ranges::find_if(files, [&](const AuthFile& f) { return f.has_entry(domain); });
  if (chosen == files.end())
    chosen = std::ranges::find_if(files, [](const AuthFile& file) { return file.exists(); });
  if (chosen == files.end()) chosen = std::prev(files.end());
  if (const std::string name = chosen->helper(domain); !name.empty()) {
    const CredentialHelper helper(name);
    HelperAnswer answer{credentials.user, credentials.password};
    if (!credentials.identity_token.empty()) answer = {token_user, credentials.identity_token};
    helper.store(server_name(domain), answer, stop_);
    return helper.program();
  }
  chosen->put(domain, credentials);
  chosen->save();
  return chosen->path().string();
}

std::vector<std::string> CredentialStore::erase(const std::string& domain) const {
  std::vector<std::string> places;
  for (const fs::path& path : files_) {
    AuthFile file(path);
    if (!file.exists()) continue;
    if (const std::string name = file.helper(domain); !name.empty()) {
      const CredentialHelper helper(name);
      if (helper.erase(server_name(domain), stop_)) places.push_back(helper.program());
    }
    if (!file.erase(domain)) continue;
    file.save();
    places.push_back(path.string());
  }
  return places;
}

}  // namespace tarn::builder
