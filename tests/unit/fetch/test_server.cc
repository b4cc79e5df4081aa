#include "tests/unit/fetch/test_server.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "apk/support/hash.h"

namespace tarn::test {
namespace {

constexpr int poll_milliseconds = 20;

FileDescriptor listen_on_loopback(int& port) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!socket || ::bind(socket.get(), generic, size) != 0 || ::listen(socket.get(), 64) != 0 ||
      ::getsockname(socket.get(), generic, &size) != 0)
    throw std::runtime_error("the test server cannot listen");
  port = ntohs(address.sin_port);
  return socket;
}

bool is_readable(int fd, int milliseconds) {
  pollfd polled{fd, POLLIN, 0};
  return ::poll(&polled, 1, milliseconds) > 0;
}

/// False when the client has gone.
bool send_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t sent = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void wait(const std::stop_token& stop, std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!stop.stop_requested() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

TestServer::Request parse_request(const std::string& head) {
  TestServer::Request request;
  std::size_t line = head.find("\r\n");
  const std::size_t space = head.find(' ');
  request.method = head.substr(0, space);
  request.path = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
  while (line != std::string::npos && line + 2 < head.size()) {
    const std::size_t begin = line + 2;
    line = head.find("\r\n", begin);
    const std::string text = head.substr(begin, line - begin);
    const std::size_t colon = text.find(": ");
    if (colon != std::string::npos)
      request.headers[lower_case(text.substr(0, colon))] = text.substr(colon + 2);
  }
  return request;
}

/// Whether the connection may be used again.
bool send_reply(const std::stop_token& stop, int fd, const TestServer::Reply& reply) {
  wait(stop, reply.delay);
  std::string head = fmt::format("HTTP/1.1 {} Text\r\n", reply.status);
  for (const auto& [name, value] : reply.headers) head += fmt::format("{}: {}\r\n", name, value);
  if (reply.without_length)
    head += "Connection: close\r\n";
  else if (reply.status != 304)
    head +=
        fmt::format("Content-Length: {}\r\n", reply.declared_length.value_or(reply.body.size()));
  if (!send_all(fd, head + "\r\n")) return false;
  const std::string_view body =
      std::string_view(reply.body).substr(0, reply.cut_after.value_or(reply.body.size()));
  if (!send_all(fd, body)) return false;
  return !reply.without_length && !reply.cut_after &&
         reply.declared_length.value_or(reply.body.size()) == reply.body.size();
}

}  // namespace

std::string TestServer::Request::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

TestServer::TestServer() : listener_(listen_on_loopback(port_)) {
  // The machine's proxy is not for the loopback interface.
  ::setenv("no_proxy", "127.0.0.1", 1);
  acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_connections(stop); });
}

TestServer::~TestServer() {
  acceptor_.request_stop();
  acceptor_.join();
  for (auto& connection : connections_) connection.request_stop();
}

void TestServer::on(const std::string& path, Handler handler) {
  const std::lock_guard lock(mutex_);
  handlers_[path] = std::move(handler);
}

void TestServer::serve(const std::string& path, const std::string& body) {
  on(path, [body](const Request& request, int) { return file_reply(request, body); });
}

Url TestServer::url(const std::string& path, const std::string& credentials) const {
  return Url::parse("http://" + (credentials.empty() ? "" : credentials + "@") + host() + path)
      .value();
}

std::string TestServer::host() const {
  return fmt::format("127.0.0.1:{}", port_);
}

std::vector<TestServer::Request> TestServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t TestServer::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

int TestServer::most_at_once() const {
  const std::lock_guard lock(mutex_);
  return most_at_once_;
}

void TestServer::accept_connections(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (!is_readable(listener_.get(), poll_milliseconds)) continue;
    FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) continue;
    const std::lock_guard lock(mutex_);
    connections_.emplace_back([this](const std::stop_token& ended,
                                     const FileDescriptor& own) { serve_connection(ended, own); },
                              std::move(socket));
  }
}

void TestServer::serve_connection(const std::stop_token& stop, const FileDescriptor& socket) {
  std::string input;
  while (!stop.stop_requested()) {
    if (!is_readable(socket.get(), poll_milliseconds)) continue;
    char buffer[4096];
    const ssize_t got = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (got <= 0) break;
    input.append(buffer, static_cast<std::size_t>(got));
    const std::size_t end = input.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    const Request request = parse_request(input.substr(0, end + 2));
    input.erase(0, end + 4);
    const Reply reply = answer(request);
    const bool keep = send_reply(stop, socket.get(), reply);
    {
      const std::lock_guard lock(mutex_);
      --at_once_;
    }
    if (!keep) break;
  }
  ::shutdown(socket.get(), SHUT_RDWR);
}

TestServer::Reply TestServer::answer(const Request& request) {
  Handler handler;
  int nth = 0;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    most_at_once_ = std::max(most_at_once_, ++at_once_);
    nth = counts_[request.path]++;
    const auto found = handlers_.find(request.path);
    if (found != handlers_.end()) handler = found->second;
  }
  if (!handler) return {.status = 404, .body = "there is no such thing"};
  return handler(request, nth);
}

int unused_port() {
  int port = 0;
  const FileDescriptor closed_at_once = listen_on_loopback(port);
  return port;
}

TestServer::Reply file_reply(const TestServer::Request& request, const std::string& body) {
  const std::string etag = "\"" + to_hex(sha256(body)).substr(0, 16) + "\"";
  const std::string modified = "Thu, 01 Jan 2026 00:00:00 GMT";
  TestServer::Reply reply{.headers = {{"ETag", etag}, {"Last-Modified", modified}}};
  if (request.header("if-none-match") == etag) {
    reply.status = 304;
    return reply;
  }
  const std::string range = request.header("range");
  const std::string condition = request.header("if-range");
  const std::string unit = "bytes=";
  if (range.starts_with(unit) && (condition.empty() || condition == etag)) {
    const std::size_t first = std::stoul(range.substr(unit.size()));
    if (first >= body.size()) return {.status = 416};
    reply.status = 206;
    reply.headers.emplace_back("Content-Range",
                               fmt::format("bytes {}-{}/{}", first, body.size() - 1, body.size()));
    reply.body = body.substr(first);
    return reply;
  }
  reply.body = body;
  return reply;
}

}  // namespace tarn::test
