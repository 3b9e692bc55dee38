#include "client/cli/progress.h"

#include <iostream>

#include <unistd.h>

namespace parley::client {
namespace {

constexpr std::chrono::milliseconds kFirst{1'000};
constexpr std::chrono::milliseconds kEvery{250};
constexpr const char* kClearLine = "\r\x1b[K";

}  // namespace

Progress::Progress(Output output)
    : enabled_(isatty(STDERR_FILENO) != 0 && (output == Output::kAtTheEnd || isatty(STDOUT_FILENO) == 0)),
      next_(start_ + kFirst) {}

Progress::~Progress() {
  if (shown_) std::cerr << kClearLine << std::flush;
}

void Progress::Update(uint64_t done, uint64_t of, const char* what) {
  if (!Due()) return;
  const std::chrono::duration<double> passed = Clock::now() - start_;
  std::string line = std::to_string(done);
  if (of > 0) line += " of " + std::to_string(of);
  Show(line + " " + what + ", " +
       std::to_string(static_cast<uint64_t>(static_cast<double>(done) / passed.count())) + " a second");
}

void Progress::Show(const std::string& line) {
  if (!Due()) return;
  next_ = Clock::now() + kEvery;
  shown_ = true;
  std::cerr << kClearLine << line << std::flush;
}

bool Progress::Due() {
  return enabled_ && Clock::now() >= next_;
}

}  // namespace parley::client
