#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "client/session/session.h"
#include "parley/v1/request.pb.h"

namespace parley::client {

// What may go wrong, each in percent of the cases.
struct Faults {
  unsigned lose = 0;         // a message in either direction
  unsigned repeat = 0;       // a message to the client
  unsigned disconnect = 0;   // at a step
  unsigned unavailable = 0;  // a request is answered UNAVAILABLE
};

// A server with one client on a bad line, in one thread and virtual time: rooms with a log each, acks with
// dedupe, sync with pages, history.page.
class SimulatedServer {
 public:
  SimulatedServer(Session& session, std::mt19937_64& random) : session_(session), random_(random) {}

  void set_faults(Faults faults) { faults_ = faults; }
  void AddRoom(const std::string& room) { rooms_[room]; }
  // Another user says something.
  void Say(const std::string& room, const std::string& text);

  // Some virtual time passes: the line is lost or comes back, messages travel, the session's effects happen.
  void Step();

  // The connection breaks now; it comes back within two seconds.
  void Break();

  const std::vector<v1::Event>& log(const std::string& room) const { return rooms_.at(room); }
  const std::map<std::string, std::vector<v1::Event>>& rooms() const { return rooms_; }

  // What the session told its user.
  std::vector<v1::Event> delivered;
  std::vector<SendDone> sent;
  size_t caught_up = 0;
  std::vector<Error> failures;

 private:
  bool Happens(unsigned percent) { return random_() % 100 < percent; }
  void CarryOut();
  void OnPublish(const PublishTo& publish);
  void OnDraft(const std::string& room, const std::string& payload);
  std::string OnSync(const std::string& payload);
  std::string OnPage(const std::string& payload);
  v1::Event& Append(const std::string& room, const std::string& sender);
  void ToClient(std::string topic, std::string payload);

  Session& session_;
  std::mt19937_64& random_;
  Faults faults_;
  int64_t now_ms_ = 1'000;
  int64_t reconnect_ms_ = 0;
  bool connected_ = false;
  uint64_t feed_ = 0;
  std::map<std::string, std::vector<v1::Event>> rooms_;
  std::map<std::pair<std::string, std::string>, uint64_t> dedupe_;
  std::set<std::string> subscriptions_;
  std::deque<std::pair<std::string, std::string>> to_client_;
};

}  // namespace parley::client
