#include <csignal>
#include <ctime>
#include <exception>
#include <optional>

#include <google/protobuf/stubs/logging.h>
#include <sys/stat.h>

#include "bridge/app/bridge.h"
#include "bridge/app/bridge_options.h"
#include "bridge/app/log.h"

namespace {

using parley::Error;
using parley::Result;
using parley::Status;
namespace bridge = parley::bridge;

int Fail(const Error& error) {
  bridge::LogLine(error.reason);
  return parley::Describe(error.code).exit_code;
}

// SIGTERM and SIGINT, blocked in this thread and in all that it starts; asked for, never caught.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
  }

  // True when one has come; waits for at most 100 ms.
  bool Wait() const {
    constexpr timespec kMoment{.tv_sec = 0, .tv_nsec = 100'000'000};
    return sigtimedwait(&set_, nullptr, &kMoment) > 0;
  }

 private:
  sigset_t set_;
};

int Run(int argc, char** argv) {
  const Result<std::optional<bridge::BridgeOptions>> options = bridge::ParseCommandLine(argc, argv);
  if (!options) return Fail(options.error());
  if (!*options) return 0;
  const StopSignals signals;
  bridge::Bridge service(**options);
  if (Status started = service.Start(); !started) return Fail(started.error());
  while (!signals.Wait()) {
    if (Status going = service.Supervise(); !going) return Fail(going.error());
  }
  bridge::LogLine("stopping");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  ::umask(077);  // what the bridge keeps is its owner's alone
  // Protobuf would write a line for each malformed request.
  google::protobuf::SetLogHandler(nullptr);
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {
    return Fail({parley::Code::INTERNAL, error.what()});
  }
}
