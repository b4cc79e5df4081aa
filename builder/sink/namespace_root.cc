#include "builder/sink/namespace_root.h"

#include <csignal>
#include <string>

#include <poll.h>

#include "apk/support/error.h"
#include "apk/support/parallel.h"
#include "builder/scripts/sandbox_process.h"

namespace tarn::builder {
namespace {

/// Whether something came, or the other side has closed it, before a stop.
bool wait_for(const SandboxChannel& channel, const std::stop_token& stop) {
  constexpr int pause = 100;
  pollfd polled{channel.fd(), POLLIN, 0};
  while (!stop.stop_requested())
    if (::poll(&polled, 1, pause) > 0) return true;
  return false;
}

}  // namespace

void run_as_namespace_root(const IdMap& ids, const std::function<void()>& work,
                           const std::stop_token& stop) {
  NamespaceProcess process(ids, {}, [&](const SandboxChannel& channel) {
    // A program that ends early is an error of the write to it.
    ::signal(SIGPIPE, SIG_IGN);
    try {
      work();
    } catch (const Error& error) {
      std::string fault = error.message();
      for (const auto& [label, text] : error.details()) fault += "; " + label + ": " + text;
      channel.send({SandboxMessage::Kind::fault, 0, fault});
      return 1;
    }
    return 0;
  });
  if (!wait_for(process.channel(), stop)) {
    process.kill();
    throw_if_stopped(stop);
  }
  const auto message = process.channel().receive();
  if (process.wait() != 0)
    throw Error(ErrorKind::failed, message ? message->what : "a process was ended");
}

}  // namespace tarn::builder
