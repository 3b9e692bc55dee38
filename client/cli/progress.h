#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace parley::client {

// One line on stderr that says how far something long has come, when stderr is a terminal; it appears after a
// second, is renewed a few times a second and goes at the end. Any one thread at a time.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  enum class Output { kGoesOn, kAtTheEnd };
  // `output`: whether lines go to stdout meanwhile. Then, on one terminal, they are progress enough.
  explicit Progress(Output output);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // "1234 events, 617 a second"; `of`: how many there will be, 0 = not known.
  void Update(uint64_t done, uint64_t of, const char* what);
  void Show(const std::string& line);

 private:
  bool Due();

  const bool enabled_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point next_;
  bool shown_ = false;
};

}  // namespace parley::client
