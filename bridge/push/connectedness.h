#pragma once

#include <cstdint>
#include <string>

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

// Who is connected. Any thread.
class Connectedness {
 public:
  virtual ~Connectedness() = default;
  virtual Whereabouts Of(const std::string& user) const = 0;
};

}  // namespace parley::bridge
