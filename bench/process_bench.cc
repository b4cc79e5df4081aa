// Runs one command and says what it took, for the scripts beside it.
//
//   tarn-process-bench REPORT COMMAND [ARGUMENT…]
//
// Writes to REPORT, as JSON, seconds of wall clock, of user and of system time, and the peak memory
// in KiB: of the command and of all it waited for. A process of its own, and a small one, because
// the peak of a child begins with the memory of the process it was forked from. Exit status: that
// of the command.

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

int run(const char* report_path, char** command) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const pid_t child = fork();
  if (child < 0) {
    std::perror("fork");
    return EXIT_FAILURE;
  }
  if (child == 0) {
    execvp(command[0], command);
    std::perror(command[0]);
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child) {
    std::perror("wait4");
    return EXIT_FAILURE;
  }
  const std::chrono::duration<double> wall = Clock::now() - start;
  std::FILE* report = std::fopen(report_path, "w");
  if (report == nullptr) {
    std::perror(report_path);
    return EXIT_FAILURE;
  }
  std::fprintf(report, "{\"wall\": %.6f, \"user\": %.6f, \"system\": %.6f, \"peak\": %ld}\n",
               wall.count(), seconds(usage.ru_utime), seconds(usage.ru_stime), usage.ru_maxrss);
  if (std::fclose(report) != 0) {
    std::perror(report_path);
    return EXIT_FAILURE;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) {
    std::fprintf(stderr, "usage: tarn-process-bench REPORT COMMAND [ARGUMENT...]\n");
    return 2;
  }
  return run(words[1], words + 2);
}
