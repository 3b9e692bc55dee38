#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bridge/feed/consumer.h"
#include "bridge/outbound/http_client.h"
#include "bridge/providers/provider.h"
#include "bridge/push/connectedness.h"
#include "bridge/push/outbox.h"
#include "bridge/push/push_consumer.h"
#include "bridge/push/push_counters.h"
#include "bridge/push/sender.h"
#include "bridge/push/sweep.h"
#include "bridge/push/timeline.h"
#include "core/store/local_store.h"
#include "core/store/store_reader.h"
#include "schemas/result.h"

namespace parley::bridge {

// Push, put together: a sender with a thread and an HTTP client of its own for each provider, so that one
// that hangs slows no other, and a thread that keeps house.
class PushService {
 public:
  struct Parts {
    store::StoreReader& reader;
    store::LocalStore& local;
    const Connectedness& connectedness;
    std::function<Status(const FeedPublication&)> publish;  // any thread
    std::function<void(const std::string&)> log;            // any thread
    std::vector<std::unique_ptr<PushProvider>> providers;
    std::string vapid_public_key;  // "": no Web Push
    HttpClient::Options http;      // of each provider; the name is made here
    std::function<Result<std::unique_ptr<HttpClient>>(HttpClient::Options)> start_client;
  };

  explicit PushService(Parts parts);
  ~PushService();  // Stop()
  PushService(const PushService&) = delete;
  PushService& operator=(const PushService&) = delete;

  // The consumer of the feed; refers to this.
  std::unique_ptr<FeedConsumer> MakeConsumer();
  Status Start();
  // What was handed to the network and has no answer is marked so. Idempotent.
  void Stop();

  // Of the connection to the broker. `committed_ms`: when it was on disk (wall clock); 0: not said.
  void OnCommitted(LogIndex committed, uint64_t committed_ms);
  void OnLinkLost();

  // Any thread.
  const PushOutbox& outbox() const { return outbox_; }
  const Timeline& timeline() const { return timeline_; }
  const PushCounters& counters() const { return counters_; }
  const std::string& vapid_public_key() const { return parts_.vapid_public_key; }
  bool reaches(v1::Push::Provider provider) const { return table_[provider].configured; }
  // False: too many tests wait, or the provider is not there.
  bool SendTest(Uid uid, const std::string& user, const PushDeviceRecord& device);
  // nullptr: there is no such provider here.
  const PushSenderCounters* CountersOf(v1::Push::Provider provider) const;

 private:
  // A provider, with all that it needs. `client` ends before `sender`, which it answers.
  struct Worker {
    std::unique_ptr<PushProvider> provider;
    PushSenderCounters counters;
    std::unique_ptr<PushSender> sender;
    std::unique_ptr<HttpClient> client;
    std::thread thread;
    std::mutex mutex;
    std::condition_variable woken;
    bool awake = false;  // guarded by mutex
  };

  Status StartWorker(Worker& worker);
  void Run(Worker& worker);
  void Wake(Worker& worker);
  void WakeAll();
  void KeepHouse();
  void GiveUpUnreachable();
  bool WaitCommitted(LogIndex index);
  void Remove(const DeadRegistration& dead);

  Parts parts_;
  const std::string boot_;  // of the machine
  PushProviderTable table_{};
  PushOutbox outbox_;
  Timeline timeline_;
  PushCounters counters_;
  PushSweep sweep_;
  std::atomic<bool> in_use_{false};               // somebody has registered
  std::vector<std::unique_ptr<Worker>> workers_;  // unchanged after Start()
  std::thread keeper_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  LogIndex committed_;
  bool stopping_ = false;
};

}  // namespace parley::bridge
