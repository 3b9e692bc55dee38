#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/feed/consumer.h"
#include "bridge/outbound/http_client.h"
#include "bridge/webhooks/hook_queue.h"
#include "bridge/webhooks/hook_rows.h"
#include "core/domain/directory.h"
#include "core/store/local_store.h"
#include "core/store/store_reader.h"
#include "schemas/result.h"

namespace parley::bridge {

// A webhook as an administrator sees it.
struct HookStatus {
  std::string webhook;
  HookState state;
  bool disabled = false;
  LogIndex head;             // what is on disk; 0: not known (no connection)
  uint64_t lag_entries = 0;  // entries of the log that it is not done with
  size_t waiting = 0;        // events among them that were read
  size_t rooms_failing = 0;  // whose oldest event waits to be tried again
};

// Outgoing webhooks: every event of the feed that a webhook wants is posted to it, in order per room, at
// least once. Without a thread of its own: Step() is called again and again, by one thread; the other methods
// by any. The view of the store is never held while something is waited for, and what was read leaves only
// when the plugin has said that it is on disk. Guarantees: docs/webhooks.md.
class WebhookEngine {
 public:
  // All of it outlives the engine.
  struct Parts {
    store::StoreReader& reader;
    store::LocalStore& local;
    AddressPolicy policy;
    HookPatience patience;
    std::string user_agent;
    std::function<Result<std::unique_ptr<HttpClient>>()> start_client;  // when there is something to send
    std::function<void(const std::string&)> log;                        // any thread
    std::function<FeedTime()> clock;
    std::function<uint64_t()> random;
    std::function<void()> wake;  // Step() has something to do; any thread, never waits
  };
  explicit WebhookEngine(Parts parts);

  // Before all else: where each stands. INTERNAL when what was kept is damaged.
  Status Load();
  // Does what can be done now. Returns when to be called again (steady clock) if nothing wakes it before.
  int64_t Step();

  // What the plugin says of the log.
  void Heard(LogIndex committed);
  void Lost();

  // Of the webhooks of one store, by what an administrator's query has read.
  struct Found {
    const domain::WebhookRecord& record;
    const store::StoreId& store_id;
  };
  HookStatus Describe(const Found& found);
  // FAILED_PRECONDITION when it is so already; UNAVAILABLE when that cannot be kept.
  Status Pause(const Found& found);
  Status Resume(const Found& found);
  // Sends one request with no event in it; `done` is called once, on any thread.
  void Test(const domain::WebhookRecord& webhook, std::function<void(Result<HttpAnswer>)> done);

  std::vector<HookStatus> statuses() const;

 private:
  using Record = std::shared_ptr<const domain::WebhookRecord>;
  struct Hook {
    Record record;
    store::StoreId store_id{};
    HookState state;  // but `place`, which is the queue's
    HookQueue queue;
    uint64_t number = 0;   // of this object: answers to an earlier one are void
    bool changed = false;  // to be kept before anything else is sent
    bool moved = false;    // to be kept some time

    bool active() const { return !state.paused && !record->disabled(); }
  };
  using Hooks = std::map<std::string, Hook, std::less<>>;
  // Which hook it is about.
  struct Whose {
    std::string webhook;
    uint64_t number = 0;
  };
  struct Scan {
    Whose whose;
    LogIndex after;
  };
  struct EventLoad {
    Whose whose;
    Record record;
    HookRun run;
    // What was found: so many events to be skipped, then one, or why it could not be read.
    size_t skipped = 0;
    Seq seq{};
    std::string body{};
    std::optional<Error> failure{};
  };
  // What one view is asked for, and what it said. Carried out when all that is in it is on disk.
  struct Look {
    bool records = false;
    std::vector<Scan> scans;
    std::vector<EventLoad> loads;
    LogIndex at_least;
    LogIndex last;  // no entry beyond it
    uint64_t connection = 0;
    // Answers.
    LogIndex needs{};
    store::StoreId store_id{};
    std::vector<domain::WebhookRecord> found{};
    struct Entries {
      std::vector<store::FeedEntry> entries;
      LogIndex through;
    };
    std::map<LogIndex, Entries> entries{};  // by what they come after

    bool empty() const { return !records && scans.empty() && loads.empty(); }
  };
  struct Answer {
    Whose whose;
    Rid rid;
    Seq seq;
    HttpAnswer answer;
  };
  // Filled by the client's thread; outlives what it was made for.
  struct Inbox {
    std::mutex mutex;
    std::vector<Answer> answers;  // guarded by mutex
  };

  // Of Step(), without the lock.
  Status Read(Look& look) const;
  Status ReadLoad(const store::StoreView& view, EventLoad& load) const;

  // All of these: under mutex_.
  void TakeAnswers(FeedTime now);
  void TakeAnswer(const Answer& answer, FeedTime now);
  void TakeFailure(Hook& hook, Rid rid, const std::string& what, std::optional<int64_t> retry_after_ms,
                   FeedTime now);
  Status Keep(FeedTime now);
  Look Plan(FeedTime now);
  // When a look may ask for a newer view of the store than the last one. Moving it takes its time while much
  // is written; what it shows already goes first.
  int64_t MoveMs() const;
  void NoteView(const Look& look, int64_t begun_ms, int64_t done_ms);
  void CarryOut(Look look, FeedTime now);
  void CarryOutRecords(const Look& look);
  void Send(Hook& hook, EventLoad& load, FeedTime now);
  void GiveBack(const Look& look);
  Hook* Find(const Whose& whose);
  Hook& Ensure(const domain::WebhookRecord& record, const store::StoreId& store_id);
  Hook MakeHook(const domain::WebhookRecord& record, const store::StoreId& store_id);
  void PauseHook(Hook& hook, const std::string& why, FeedTime now);
  std::string RowOf(const Hook& hook) const;
  HookStatus StatusOf(const Hook& hook) const;
  Result<HttpClient*> Client();
  int64_t Until(FeedTime now) const;
  void Say(const std::string& webhook, const std::string& line) const { parts_.log(webhook + ": " + line); }

  const Parts parts_;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::optional<LogIndex> committed_;
  uint64_t connection_ = 0;
  bool wake_by_news_ = false;
  std::map<std::string, KeptHook, std::less<>> kept_;  // rows of no hook that is known yet
  Hooks hooks_;
  uint64_t last_number_ = 0;
  std::optional<Look> held_;  // until what it needs is on disk
  LogIndex looked_;           // how far the log was at the last look for records
  int64_t next_records_ms_ = 0;
  LogIndex seen_;                  // how far the store's view is, as far as is known
  int64_t next_move_ms_ = 0;       // when it may be moved if nothing waits that it shows already,
  int64_t next_busy_move_ms_ = 0;  // and if something does
  int64_t next_keep_ms_ = 0;
  int64_t not_before_ms_ = 0;  // after something failed
  bool quiet_ = false;         // that was said
  // Ends first: it calls back.
  std::unique_ptr<HttpClient> client_;
};

}  // namespace parley::bridge
