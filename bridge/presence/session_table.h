#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "parley/internal/v1/envelope.pb.h"

namespace parley::bridge {

// Who is connected, from the plugin's notices: a list of all, then changes, each notice numbered. Pure. Not
// thread-safe.
class SessionTable {
 public:
  // A session that began or ended. A take-over by the same user is neither.
  struct Step {
    std::string user;
    bool connected = false;
    uint64_t at_ms = 0;   // wall clock, of an end
    bool silent = false;  // nothing had come from it for long: no grace
    // Wall clock: when it died, the last sign of life; 0: it took its leave, or who knows.
    uint64_t heard_ms = 0;
  };
  struct Heard {
    std::vector<Step> steps;
    bool missed = false;     // a notice is missing: ask for the list. Until it comes, what is heard is void
    bool complete = false;   // the list ended here: all that is not in it has ended
    bool restarted = false;  // and it is of another broker than the list before
  };

  // `wall_ms`: now.
  Heard Hear(const internal::v1::SessionNotice& notice, uint64_t wall_ms);

  // The connection to the broker is lost: the next thing to hear is a list. Sessions of a broker that has
  // ended meanwhile are taken to have ended now.
  void OnLinkLost(uint64_t wall_ms);

  // A list was heard to its end, and every change since.
  bool complete() const { return state_ == State::kComplete; }
  size_t size() const { return sessions_.size(); }

 private:
  enum class State { kWaiting, kListing, kComplete };
  struct Known {
    std::string user;
    uint64_t number = 0;  // 0: of a broker that has ended
    uint64_t list = 0;    // the newest list that it was in
  };

  void Apply(const internal::v1::SessionNotice::Session& told, Heard& heard);
  void BeginList(uint64_t epoch);
  void EndList(uint64_t wall_ms, Heard& heard);

  State state_ = State::kWaiting;
  std::unordered_map<std::string, Known> sessions_;  // by client id
  uint64_t epoch_ = 0;
  uint64_t next_ = 0;  // sequence of the notice that is to come
  uint64_t list_ = 0;
  uint64_t lost_ms_ = 0;
  bool restarted_ = false;
};

}  // namespace parley::bridge
