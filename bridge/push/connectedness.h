#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace parley::bridge {

// Where a person is, as far as notifications care.
struct Whereabouts {
  enum class At {
    kUnknown,    // not known yet
    kConnected,  // some device is
    kLeaving,    // the last one has just gone, and may be back: until `leaving_ms` have passed
    kGone,
  };
  At at = At::kUnknown;
  int64_t leaving_ms = 0;
  bool away = false;            // says so
  bool do_not_disturb = false;  // says so
};

// Somebody whose last session has died, without a word.
struct LostUser {
  uint64_t number = 0;  // of the loss, in this process; they rise
  std::string user;
  int64_t heard_ms = 0;  // wall clock: the last sign of life
};

// Who is connected. Any thread.
class Connectedness {
 public:
  virtual ~Connectedness() = default;
  virtual Whereabouts Of(const std::string& user) const = 0;
  // Who was lost since the loss of this number, in order. The same loss may come again after a restart.
  virtual std::vector<LostUser> LostAfter(uint64_t number) const = 0;
  virtual uint64_t newest_lost() const = 0;
};

}  // namespace parley::bridge
