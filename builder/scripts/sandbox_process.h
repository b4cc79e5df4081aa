#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "apk/support/file.h"
#include "builder/scripts/sandbox_ids.h"

namespace tarn::builder {

/// What the processes of a sandbox tell the one that started them, one packet each.
struct SandboxMessage {
  enum class Kind : int {
    ready,    ///< the user namespace is there and waits for its ids
    fault,    ///< `what` failed with the errno `value`
    limit,    ///< the script was stopped at the limit named by `what`
    exited,   ///< the script ended with status `value`
    signal,   ///< the script was ended by signal `value`
    finished  ///< all is done
  };
  Kind kind = Kind::fault;
  int value = 0;
  std::string what;
};

/// The end of a message channel. Messages keep their bounds and may have several senders.
class SandboxChannel {
 public:
  explicit SandboxChannel(FileDescriptor descriptor) : descriptor_(std::move(descriptor)) {}
  /// Whether it was taken; it is not when nobody listens any more.
  bool send(const SandboxMessage& message) const;
  /// The next message, waited for; nothing when no sender is left.
  std::optional<SandboxMessage> receive() const;
  int fd() const { return descriptor_.get(); }
  void close() { descriptor_ = {}; }

 private:
  FileDescriptor descriptor_;
};

/// A process that is root of a user namespace of its own and does one piece of work there. It is a
/// fork without exec: it sees this process' memory as it was, must not take locks that another
/// thread may hold, and no signal of the terminal reaches it. It ends when this process does.
class NamespaceProcess {
 public:
  /// The work: gives the exit status. An Error that leaves it is sent as a fault.
  using Work = std::function<int(const SandboxChannel& channel)>;

  /// Starts it; of the open files it keeps `kept` (negative ones are none)
  /// and the standard ones. Throws Error (failed) when
  /// namespaces or ids are refused.
  NamespaceProcess(const IdMap& ids, const std::vector<int>& kept, const Work& work);
  NamespaceProcess(const NamespaceProcess&) = delete;
  NamespaceProcess& operator=(const NamespaceProcess&) = delete;
  /// Hangs up and waits for its end; kills it when it takes too long.
  ~NamespaceProcess();

  const SandboxChannel& channel() const { return channel_; }
  /// Closes the channel, which asks it to end.
  void hang_up() { channel_.close(); }
  /// Waits for its end; gives the exit status, or 128 and the signal's number.
  int wait();
  /// Ends it at once.
  void kill();

 private:
  pid_t pid_ = -1;
  SandboxChannel channel_{FileDescriptor{}};
};

/// The first of the candidates that works here. Throws Error (failed) saying why none does.
IdMap usable_id_map();

/// Throws a system_error with the errno when `result` is negative.
int check_call(int result, const char* doing);

/// Ends with its parent, and cannot be looked into by processes it starts.
void tie_to_parent();

/// Closes all but the standard files and these.
void close_all_but(std::vector<int> kept);

}  // namespace tarn::builder
