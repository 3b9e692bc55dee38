#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bridge/feed/consumer.h"
#include "bridge/outbound/http_client.h"
#include "bridge/providers/provider.h"
#include "bridge/push/collapse_index.h"
#include "bridge/push/connectedness.h"
#include "bridge/push/decider.h"
#include "bridge/push/outbox.h"
#include "bridge/push/outbox_reader.h"
#include "bridge/push/outcomes.h"
#include "bridge/push/push_counters.h"
#include "bridge/push/push_rows.h"
#include "bridge/push/time_zone.h"
#include "core/store/store_reader.h"

namespace parley::bridge {

// What a sender needs; all of it outlives the sender, and is called on its thread unless noted.
struct PushSenderParts {
  store::StoreReader& reader;
  PushOutbox& outbox;
  const Connectedness& connectedness;
  PushProvider& provider;
  std::function<void(HttpRequest, HttpClient::Done)> send;  // `done` on any thread
  // Everything up to there is on disk; may wait for that a moment.
  std::function<bool(LogIndex)> wait_committed;
  // The provider says that this registration is no more.
  std::function<void(const DeadRegistration&)> remove;
  std::function<void(const std::string&)> log;
  std::function<FeedTime()> clock;
  std::function<uint64_t()> random;
  std::string boot;            // this machine's boot id; "": not known
  std::function<void()> wake;  // Step() has something to do; any thread
  PushCounters& counters;
  PushSenderCounters& own_counters;
};

// Sends what the outbox holds for one provider, each item at most once: before an item is handed to the HTTP
// client it is marked on disk, and marked again when its first byte goes out. What is found at a start with
// both marks has perhaps been shown, so it is not sent again. Has no thread of its own: Step() is called
// again and again by one; SendTest() by any.
class PushSender {
 public:
  explicit PushSender(PushSenderParts parts);

  // Does what can be done now; returns when to be called again (steady clock) if nothing happens before.
  int64_t Step();
  // The end: what the network has answered so far is written down, nothing more is sent.
  void Finish();

  // A test for one device, sent with the next step. False: too many wait.
  bool SendTest(Uid uid, const std::string& user, PushDeviceRecord device);

  v1::Push::Provider provider() const { return parts_.provider.kind(); }
  const PushSenderCounters& counters() const { return parts_.own_counters; }

 private:
  struct Answer {
    uint64_t number = 0;
    HttpAnswer answer;
  };
  struct Test {
    Uid uid;
    std::string user;
    PushDeviceRecord device;
  };

  // Each returns false when it could not be done, and is to be tried again.
  bool Begin(uint64_t epoch, int64_t wall_ms);
  bool TakeAnswers(const FeedTime& now);
  bool SendDue(const FeedTime& now);
  bool MarkAndSend(PushPlan plan, const FeedTime& now);

  void TakeSignInAnswer(const FeedTime& now);
  bool IsSignedIn(const FeedTime& now);  // or a sign-in is under way
  void Settle(const JudgedPush& judged, const FeedTime& now);
  void SendTests(const FeedTime& now);
  void Hand(HttpRequest request, SentPush sent);
  void Block(const std::string& why, const FeedTime& now);
  void Complain(const std::string& what, const std::string& why);

  const PushSenderParts parts_;

  // Of Step()'s thread.
  TimeZones zones_;
  OutboxReader due_;
  CollapseIndex deferred_;
  DeadRegistrations dead_;
  std::optional<uint64_t> epoch_;           // of the outbox, whose rows it knows
  std::map<uint64_t, SentPush> in_flight_;  // by number
  uint64_t next_number_ = 0;
  std::vector<JudgedPush> judged_;  // and not written down yet
  int64_t paused_until_ms_ = 0;     // steady
  int64_t read_anew_ms_ = 0;        // steady
  int64_t probe_ms_ = 0;            // steady; of a provider that is blocked
  bool blocked_ = false;
  bool signing_in_ = false;
  uint32_t sign_ins_failed_ = 0;
  bool more_ = false;   // is due at once
  bool quiet_ = false;  // a failure has been logged since the last success

  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<Answer> answers_;
  std::optional<HttpAnswer> sign_in_answer_;
  std::deque<Test> tests_;
};

}  // namespace parley::bridge
