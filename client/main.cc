#include <atomic>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>

#include <pthread.h>
#include <unistd.h>

#include "client/cli/command.h"
#include "client/cli/report.h"

namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "it is set by a signal handler");
pthread_t main_thread;

// The first signal asks for a clean end and wakes the main thread from reading stdin; the second one ends at
// once.
void OnSignal(int signal) {
  if (pthread_equal(pthread_self(), main_thread) == 0) {
    pthread_kill(main_thread, signal);
  } else if (interrupted.exchange(true)) {
    _exit(parley::client::kExitInterrupted);
  }
}

std::optional<std::string> Variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

}  // namespace

int main(int argc, char** argv) {
  main_thread = pthread_self();
  struct sigaction action {};
  action.sa_handler = OnSignal;  // no SA_RESTART: a read from stdin ends
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return parley::client::RunCommandLine({argv + 1, argv + argc}, Variable, interrupted);
}
