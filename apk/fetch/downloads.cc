#include "apk/fetch/downloads.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include "apk/fetch/task_queue.h"
#include "apk/support/error.h"
#include "apk/support/hash.h"
#include "apk/support/parallel.h"
#include "apk/support/shown_task.h"

namespace tarn::apk {
namespace {

constexpr std::size_t max_listed = 10;
constexpr const char* etag_fact = "etag";
constexpr const char* last_modified_fact = "last-modified";

/// A body that is being received, on its way into the store.
struct Incoming {
  AtomicFile blob;
  Sha256 hash;
  std::uint64_t size = 0;
};

/// Why a source did not give a file.
struct Failure {
  std::string place;
  std::string reason;
  Error error;
};

/// One download and how far it has come. Each is touched by one thread at a time.
struct Job {
  Download download;
  std::size_t at = 0;               ///< the source that is asked now
  bool failed_here = false;         ///< the source that is asked now has failed
  bool unconditional = false;       ///< the copy in the store is not to be relied on
  std::optional<StoreEntry> entry;  ///< of the sound copy in the store
  std::optional<MappedFile> copy;   ///< that copy
  bool has_older_copy = false;      ///< the store has one, of any source
  std::unique_ptr<Incoming> incoming;
  std::unique_ptr<ShownTask> shown;
  std::optional<Brought> result;
  std::vector<Failure> failures;
  std::exception_ptr fatal;  ///< not the source's fault: the disk is full, say

  const Download::Source& source() const { return download.sources[at]; }
  std::string place() const { return source().url.str(); }
  bool is_open() const { return !result && !failed_here && !fatal; }
  bool is_current() const { return download.lifetime == Lifetime::current; }
  /// The file is there.
  void finish(MappedFile file, std::optional<Sha256Digest> unread = std::nullopt) {
    if (download.ready) {
      copy.reset();
      download.ready(std::move(file));
      result.emplace();
    } else {
      result = {std::move(file), unread};
    }
  }
  bool leaves_copy() const { return download.copy_reading == CopyReading::left; }
};

Error& record_failure(Job& job, const std::string& reason, Error error) {
  job.failures.push_back({job.place(), reason, std::move(error)});
  job.failed_here = true;
  return job.failures.back().error;
}

Error& record_failure(Job& job, const std::string& reason) {
  Error error(ErrorKind::network, fmt::format("cannot fetch {}: {}", job.download.label, reason));
  error.detail("from", job.place());
  return record_failure(job, reason, std::move(error));
}

/// Whether the octets are the right ones; the failure is recorded otherwise.
bool is_verified(Job& job, ByteView bytes, Progress& progress) {
  const Span span(progress, "verify", job.download.label, bytes.size());
  try {
    if (job.download.verify) job.download.verify(bytes);
    return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    Error copy = error;
    copy.context(fmt::format("fetching {} from {}", job.download.label, job.place()));
    record_failure(job, error.message(), std::move(copy));
    return false;
  }
}

void measure(const Job& job, const TransferResult& result, Progress& progress) {
  if (result.attempts == 0) return;
  progress.record({.category = "fetch",
                   .label = job.download.label,
                   .begin = result.begun,
                   .end = std::chrono::steady_clock::now(),
                   .bytes = result.received,
                   .kind = SpanKind::transfer});
  progress.count("requests", result.attempts);
  progress.count("bytes received", result.received);
  if (result.attempts > 1) progress.count("retries", result.attempts - 1);
  if (result.status == TransferResult::Status::not_modified) progress.count("not modified", 1);
}

/// Runs `work` for a job; an exception is kept with it.
template <typename Work>
void guarded(Job& job, std::atomic<bool>& broken, Work&& work) {
  try {
    work();
  } catch (...) {
    job.fatal = std::current_exception();
    broken = true;
  }
}

class Bringing {
 public:
  Bringing(std::vector<Download> downloads, const DownloadContext& context)
      : context_(context), jobs_(downloads.size()) {
    for (std::size_t i = 0; i < jobs_.size(); ++i) jobs_[i].download = std::move(downloads[i]);
  }

  std::vector<Brought> to_the_end() {
    std::vector<Job*> pending;
    for (auto& job : jobs_) pending.push_back(&job);
    while (!pending.empty()) {
      run_round(pending);
      pending = settle(pending);
    }
    throw_failures();
    std::vector<Brought> results;
    results.reserve(jobs_.size());
    for (auto& job : jobs_) results.push_back(*std::move(job.result));
    return results;
  }

 private:
  /// Asks for each pending file at the source it has come to.
  void run_round(const std::vector<Job*>& pending);
  void look_at_hand(Job& job);
  std::optional<MappedFile> copy_of(const StoreEntry& entry, const Download& download);
  void use_local_file(Job& job);
  void use_copy_offline(Job& job);
  void use_copy(Job& job);
  Transfer transfer_for(Job& job, TaskQueue& queue);
  void take_octets(Job& job, ByteView bytes);
  Incoming& incoming(Job& job);
  void end_transfer(Job& job, const TransferResult& result, TaskQueue& queue);
  void accept_copy(Job& job);
  void accept_body(Job& job, const TransferResult& result);
  std::vector<Job*> settle(const std::vector<Job*>& pending);
  void note_next_sources(const std::vector<Job*>& moved);
  void throw_failures();
  Error failure_of(const Job& job) const;

  const DownloadContext& context_;
  std::vector<Job> jobs_;
  std::atomic<bool> broken_ = false;  ///< some job has a fatal error
};

void Bringing::run_round(const std::vector<Job*>& pending) {
  parallel_for(
      pending.size(), context_.threads, [&](std::size_t i) { look_at_hand(*pending[i]); },
      context_.stop);
  if (std::ranges::none_of(pending, &Job::is_open)) return;
  std::vector<Transfer> transfers;
  TaskQueue queue(context_.threads, 4 * context_.threads);
  for (Job* job : pending)
    if (job->is_open()) transfers.push_back(transfer_for(*job, queue));
  try {
    context_.transport.run(std::move(transfers), context_.stop);
  } catch (...) {
    queue.wait();
    for (Job* job : pending)
      if (job->fatal) std::rethrow_exception(job->fatal);
    throw;
  }
  queue.wait();
}

void Bringing::look_at_hand(Job& job) {
  job.entry.reset();
  job.copy.reset();
  const auto& source = job.source();
  if (source.url.is_local()) return use_local_file(job);
  auto entry = context_.store.find(job.download.kind, source.key);
  const auto& size = job.download.size;
  if (entry && (!size || entry->size == *size)) {
    job.copy = copy_of(*entry, job.download);
    if (job.copy) job.entry = std::move(entry);
    job.has_older_copy |= job.copy.has_value();
  }
  if (job.copy && !job.is_current()) {
    use_copy(job);
  } else if (context_.network == NetworkUse::offline) {
    use_copy_offline(job);
  }
}

std::optional<MappedFile> Bringing::copy_of(const StoreEntry& entry, const Download& download) {
  if (download.copy_reading == CopyReading::left) return context_.store.map(entry);
  const Span span(context_.progress, "check cache", download.label, entry.size);
  return context_.store.open(entry);
}

void Bringing::use_local_file(Job& job) {
  const std::filesystem::path path = job.source().url.path();
  std::error_code status;
  if (std::filesystem::status(path, status).type() == std::filesystem::file_type::not_found) {
    record_failure(job, "there is no such file")
        .hint("check the path of the repository, and that it has this architecture");
    return;
  }
  MappedFile file;
  try {
    file = MappedFile::open(path);
  } catch (const Error& error) {
    record_failure(job, error.message(), error);
    return;
  }
  const std::uint64_t size = file.bytes().size();
  if (job.download.size && size != *job.download.size) {
    record_failure(job, "it has not the size that it should have")
        .detail("expected", fmt::format("{} octets", *job.download.size))
        .detail("found", fmt::format("{} octets", size));
    return;
  }
  if (is_verified(job, file.bytes(), context_.progress)) job.finish(std::move(file));
}

void Bringing::use_copy_offline(Job& job) {
  if (!job.copy) {
    record_failure(job, "it is not in the cache, and the network is not to be used")
        .hint("fetch it once without --offline");
  } else if (job.leaves_copy() || is_verified(job, job.copy->bytes(), context_.progress)) {
    use_copy(job);
  }
}

void Bringing::use_copy(Job& job) {
  job.finish(*job.copy, job.leaves_copy() ? std::optional(job.entry->blob) : std::nullopt);
  count_cache(context_.progress, job.download.kind, CacheAnswer::hit);
}

Transfer Bringing::transfer_for(Job& job, TaskQueue& queue) {
  Transfer transfer{.url = job.source().url, .size = job.download.size};
  transfer.limit = job.download.limit;
  if (job.entry && !job.unconditional) {
    const auto& facts = job.entry->facts;
    if (const auto etag = facts.find(etag_fact); etag != facts.end())
      transfer.if_none_match = etag->second;
    if (const auto modified = facts.find(last_modified_fact); modified != facts.end())
      transfer.if_modified_since = modified->second;
  }
  transfer.write = [this, &job](ByteView bytes) { take_octets(job, bytes); };
  transfer.restart = [&job] { job.incoming.reset(); };
  transfer.progress = [this, &job](std::uint64_t done, std::optional<std::uint64_t> total) {
    if (!job.shown)
      job.shown =
          std::make_unique<ShownTask>(context_.progress, "fetching " + job.download.label, total);
    job.shown->advance(done);
  };
  transfer.finished = [this, &job, &queue](const TransferResult& result) {
    end_transfer(job, result, queue);
  };
  return transfer;
}

Incoming& Bringing::incoming(Job& job) {
  if (!job.incoming)
    job.incoming = std::make_unique<Incoming>(Incoming{context_.store.new_blob(), {}, 0});
  return *job.incoming;
}

void Bringing::take_octets(Job& job, ByteView bytes) {
  // Only ends the run: what is thrown is the error that is kept with the broken job.
  if (broken_) throw Error(ErrorKind::failed, "fetching was given up");
  Incoming& body = incoming(job);
  body.blob.write(bytes);
  body.hash.update(bytes);
  body.size += bytes.size();
}

void Bringing::end_transfer(Job& job, const TransferResult& result, TaskQueue& queue) {
  using Status = TransferResult::Status;
  const bool is_had = result.status == Status::complete || result.status == Status::not_modified;
  if (job.shown && is_had) job.shown->done();
  job.shown.reset();
  measure(job, result, context_.progress);
  if (result.status == Status::complete) {
    queue.push([this, &job, result] { guarded(job, broken_, [&] { accept_body(job, result); }); });
  } else if (result.status == Status::not_modified) {
    queue.push([this, &job] { guarded(job, broken_, [&] { accept_copy(job); }); });
  } else {
    job.incoming.reset();
    Error& error = record_failure(job, result.error);
    if (result.status == Status::not_found && !job.is_current())
      error.hint("the repository no longer has it: resolve anew, or name a mirror that keeps it");
  }
}

void Bringing::accept_copy(Job& job) {
  if (!job.copy) {
    record_failure(job, "server returned 304 unasked");
  } else if (job.leaves_copy() || is_verified(job, job.copy->bytes(), context_.progress)) {
    use_copy(job);
  } else {
    // The copy was right for another keyring, or the server is confused: ask for the whole.
    job.failures.pop_back();
    job.failed_here = false;
    job.unconditional = true;
  }
}

void Bringing::accept_body(Job& job, const TransferResult& result) {
  incoming(job);  // there is none yet when the body is empty
  const std::unique_ptr<Incoming> body = std::move(job.incoming);
  // The blob has no name yet.
  MappedFile file = MappedFile::open(fmt::format("/proc/self/fd/{}", body->blob.fd()));
  if (!is_verified(job, file.bytes(), context_.progress)) return;
  StoreEntry entry{.blob = body->hash.finish(), .size = body->size};
  if (!result.etag.empty()) entry.facts[etag_fact] = result.etag;
  if (!result.last_modified.empty()) entry.facts[last_modified_fact] = result.last_modified;
  {
    const Span span(context_.progress, "store", job.download.label, entry.size);
    context_.store.put(job.download.kind, job.source().key, std::move(body->blob), entry);
  }
  count_cache(context_.progress, job.download.kind, CacheAnswer::miss);
  MappedFile stored;
  try {
    stored = MappedFile::open(context_.store.blob_path(entry.blob));
  } catch (const Error&) {
    stored = std::move(file);  // somebody has cleared the cache just now
  }
  job.finish(std::move(stored));
}

/// Moves what failed on to its next source; gives what is still to be brought.
std::vector<Job*> Bringing::settle(const std::vector<Job*>& pending) {
  std::vector<Job*> open;
  std::vector<Job*> moved;
  for (Job* job : pending) {
    if (job->fatal) std::rethrow_exception(job->fatal);
    if (job->result) continue;
    if (job->failed_here) {
      if (job->at + 1 == job->download.sources.size()) continue;
      moved.push_back(job);
      ++job->at;
      job->failed_here = false;
      job->unconditional = false;
    }
    open.push_back(job);
  }
  note_next_sources(moved);
  return open;
}

/// A line for each file that was wrong, and one for each host for all that it did not give.
void Bringing::note_next_sources(const std::vector<Job*>& moved) {
  if (context_.network == NetworkUse::offline) return;
  std::map<std::string, std::pair<std::string, std::size_t>> not_had;
  for (const Job* job : moved) {
    const auto& [place, reason, error] = job->failures.back();
    if (error.kind() == ErrorKind::network) {
      const Url& url = job->download.sources[job->at - 1].url;
      auto& [first, count] = not_had[url.is_local() ? url.folder().str() : url.host()];
      if (count++ == 0) first = fmt::format("{}: {}", place, reason);
    } else {
      context_.progress.note(NoteLevel::warning,
                             fmt::format("{}: {}; trying {}", place, reason, job->place()));
    }
  }
  for (const auto& [host, failure] : not_had) {
    const auto& [first, count] = failure;
    const std::string more =
        count == 1 ? std::string() : fmt::format(" (and {} more files there)", count - 1);
    context_.progress.note(NoteLevel::warning, fmt::format("{}{}; trying a mirror", first, more));
  }
}

/// What is said of a file that no source gave: a wrong file weighs more than a missing one.
Error Bringing::failure_of(const Job& job) const {
  const auto& failures = job.failures;
  std::size_t chosen = 0;
  while (chosen < failures.size() && failures[chosen].error.kind() == ErrorKind::network) ++chosen;
  if (chosen == failures.size()) chosen = 0;
  Error error = failures[chosen].error;
  for (std::size_t i = 0; i < failures.size(); ++i)
    if (i != chosen)
      error.detail("also tried", fmt::format("{}: {}", failures[i].place, failures[i].reason));
  if (job.has_older_copy && context_.network == NetworkUse::allowed &&
      error.kind() == ErrorKind::network)
    error.hint("an older copy is in the cache: --offline uses it");
  return error;
}

void Bringing::throw_failures() {
  std::optional<Error> error;
  std::size_t others = 0;
  for (const auto& job : jobs_) {
    if (job.result) continue;
    if (!error) {
      error = failure_of(job);
    } else if (++others <= max_listed) {
      error->detail("also", failure_of(job).message());
    }
  }
  if (!error) return;
  if (others > max_listed) error->detail("also", fmt::format("{} more files", others - max_listed));
  throw *std::move(error);
}

}  // namespace

std::vector<Brought> bring(std::vector<Download> downloads, const DownloadContext& context) {
  return Bringing(std::move(downloads), context).to_the_end();
}

}  // namespace tarn::apk
