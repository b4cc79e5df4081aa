#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <thread>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apk/fetch/curl_transport.h"
#include "apk/support/file.h"
#include "tests/unit/fetch/scratch.h"
#include "tests/unit/fetch/test_server.h"

namespace tarn::apk {
namespace {

namespace fs = std::filesystem;
using Status = TransferResult::Status;

/// Where a program lies: on PATH, or where servers lie that are not on everybody's.
fs::path find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string(path == nullptr ? "" : path) +
                             ":/usr/sbin:/usr/local/sbin");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (::access((fs::path(folder) / name).c_str(), X_OK) == 0) return fs::path(folder) / name;
  return {};
}

pid_t start(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int fd : {1, 2})
    posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int failed =
      ::posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed == 0 ? pid : -1;
}

bool accepts_connections(int port) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

/// A running nginx that serves `www` over https with HTTP/2, and redirects https to http.
class Nginx {
 public:
  Nginx(const fs::path& program, const fs::path& folder) : port_(test::unused_port()) {
    write_file(folder / "nginx.conf", fmt::format(R"(
daemon off; master_process off; worker_processes 1;
pid {0}/nginx.pid; error_log {0}/error.log;
events {{ worker_connections 256; }}
http {{
  log_format short '$server_protocol $connection $uri';
  access_log {0}/access.log short;
  client_body_temp_path {0}/t1; proxy_temp_path {0}/t2; fastcgi_temp_path {0}/t3;
  uwsgi_temp_path {0}/t4; scgi_temp_path {0}/t5;
  server {{
    listen 127.0.0.1:{1} ssl http2;
    ssl_certificate {0}/cert.pem; ssl_certificate_key {0}/key.pem;
    root {0}/www;
    location /insecure {{ return 302 http://127.0.0.1:{1}/0; }}
  }}
}}
)",
                                                  folder.string(), port_));
    pid_ = start({program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"});
    for (int i = 0; i < 250 && !is_running_; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      is_running_ = pid_ > 0 && accepts_connections(port_);
    }
  }
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;
  ~Nginx() { stop(); }

  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  bool is_running() const { return is_running_; }
  Url url(const std::string& path) const {
    return Url::parse(fmt::format("https://127.0.0.1:{}{}", port_, path)).value();
  }

 private:
  int port_;
  pid_t pid_ = -1;
  bool is_running_ = false;
};

bool make_certificate(const fs::path& openssl, const fs::path& folder) {
  const pid_t pid =
      start({openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2",
             "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"});
  int status = -1;
  return pid > 0 && ::waitpid(pid, &status, 0) == pid && status == 0;
}

}  // namespace

TEST_CASE("files come from nginx over https, many on one HTTP/2 connection") {
  const fs::path nginx_program = find_program("nginx");
  const fs::path openssl = find_program("openssl");
  if (nginx_program.empty() || openssl.empty()) {
    MESSAGE("skipped: no nginx, or no openssl");
    return;
  }
  const test::Scratch scratch;
  const fs::path folder = scratch.folder.path();
  REQUIRE(make_certificate(openssl, folder));
  make_directories(folder / "www");
  constexpr std::size_t count = 30;
  for (std::size_t i = 0; i < count; ++i)
    write_file(folder / "www" / std::to_string(i), std::string(20000 + i, 'a'));
  // nginx may run its worker as another user when it is started by root.
  fs::permissions(folder, fs::perms::owner_all | fs::perms::others_exec | fs::perms::others_read |
                              fs::perms::others_write);
  Nginx nginx(nginx_program, folder);
  if (!nginx.is_running()) {
    MESSAGE("skipped: nginx does not start: " << (fs::exists(folder / "error.log")
                                                      ? read_file(folder / "error.log")
                                                      : std::string("no log")));
    return;
  }
  ::setenv("no_proxy", "127.0.0.1", 1);

  TransportOptions options{.backoff = std::chrono::milliseconds(2)};
  CurlTransport distrusting(options);
  const auto refused = distrusting.run({{.url = nginx.url("/0")}}, {}).at(0);
  CHECK(refused.status == Status::failed);
  CHECK(refused.error.find("certificate") != std::string::npos);

  options.ca_file = folder / "cert.pem";
  CurlTransport transport(options);
  std::vector<std::uint64_t> sizes(count, 0);
  std::vector<Transfer> transfers;
  for (std::size_t i = 0; i < count; ++i)
    transfers.push_back({.url = nginx.url("/" + std::to_string(i)),
                         .write = [&sizes, i](ByteView bytes) { sizes[i] += bytes.size(); },
                         .restart = [&sizes, i] { sizes[i] = 0; }});
  const auto results = transport.run(std::move(transfers), {});
  for (std::size_t i = 0; i < count; ++i) {
    CHECK(results[i].status == Status::complete);
    CHECK(sizes[i] == 20000 + i);
    CHECK_FALSE(results[i].etag.empty());
  }
  const auto again =
      transport.run({{.url = nginx.url("/0"), .if_none_match = results[0].etag}}, {});
  CHECK(again.at(0).status == Status::not_modified);
  const auto insecure = transport.run({{.url = nginx.url("/insecure")}}, {}).at(0);
  CHECK(insecure.status == Status::failed);
  CHECK(insecure.error == "redirected to where it must not go (not https)");

  nginx.stop();
  std::istringstream log(read_file(folder / "access.log"));
  std::vector<std::string> connections;
  std::string protocol;
  std::string connection;
  std::string path;
  while (log >> protocol >> connection >> path) {
    CHECK(protocol == "HTTP/2.0");
    connections.push_back(connection);
  }
  CHECK(connections.size() == count + 2);
  std::ranges::sort(connections);
  CHECK(std::unique(connections.begin(), connections.end()) - connections.begin() == 1);
}

}  // namespace tarn::apk
