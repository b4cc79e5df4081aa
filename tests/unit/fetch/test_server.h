#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "apk/support/file.h"
#include "apk/support/url.h"

namespace tarn::test {

/// A small HTTP/1.1 server on the loopback interface that answers as a test tells it, misbehaviour
/// included. Every connection has its own thread; all end with the server.
class TestServer {
 public:
  struct Request {
    std::string method;
    std::string path;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string header(const std::string& name) const;
  };
  struct Reply {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    std::optional<std::uint64_t> declared_length{};  ///< Content-Length, where not the body's
    std::optional<std::size_t> cut_after{};          ///< close after so many octets of the body
    std::chrono::milliseconds delay{0};              ///< before the answer
    bool without_length = false;  ///< no Content-Length: the end of the connection ends it
  };
  /// What to answer; `nth` counts the requests for this path from 0. Called on other threads.
  using Handler = std::function<Reply(const Request& request, int nth)>;

  TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  ~TestServer();

  /// Answers requests for `path` (which begins with '/'); others get 404.
  void on(const std::string& path, Handler handler);
  /// Serves `body` as a good server does: with ETag, conditions and ranges.
  void serve(const std::string& path, const std::string& body);

  Url url(const std::string& path, const std::string& credentials = {}) const;
  std::string host() const;  ///< "127.0.0.1:PORT"
  std::vector<Request> requests() const;
  std::size_t connections() const;
  /// The most requests that were being answered at one time.
  int most_at_once() const;

 private:
  void accept_connections(const std::stop_token& stop);
  void serve_connection(const std::stop_token& stop, const FileDescriptor& socket);
  Reply answer(const Request& request);

  int port_ = 0;
  FileDescriptor listener_;
  mutable std::mutex mutex_;
  std::map<std::string, Handler> handlers_;
  std::map<std::string, int> counts_;
  std::vector<Request> requests_;
  int at_once_ = 0;
  int most_at_once_ = 0;
  std::vector<std::jthread> connections_;
  std::jthread acceptor_;  ///< last: ends first
};

/// A port of the loopback interface that nothing listens on.
int unused_port();

/// The answer of a good server that has `body`: ETag, conditions, ranges.
TestServer::Reply file_reply(const TestServer::Request& request, const std::string& body);

}  // namespace tarn::test
