#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bridge/feed/consumer.h"
#include "bridge/feed/dead_letters.h"
#include "bridge/feed/effects.h"
#include "bridge/feed/head.h"
#include "bridge/feed/rows.h"
#include "bridge/feed/status.h"
#include "client/transport/backoff.h"
#include "core/store/local_store.h"
#include "core/store/store_reader.h"

namespace parley::bridge {

// What a consumer's effects need. All of it outlives the runner; called on its thread.
struct FeedParts {
  store::StoreReader& reader;
  store::LocalStore& local;
  const FeedHead& head;
  // Hands a message to the broker's connection. UNAVAILABLE, RESOURCE_EXHAUSTED: tried again.
  std::function<Status(const FeedPublication&)> publish;
  std::function<void(const std::string&)> log;
  std::function<FeedTime()> clock;
  std::function<uint64_t()> random;
};

// Takes one consumer through the feed: reads, lets it decide, carries out, remembers. Without a thread of its
// own: Step() is called again and again. Step(): one thread; status(), letters(): any.
class FeedRunner {
 public:
  FeedRunner(FeedParts parts, FeedConsumer& consumer);

  // Before all else: where it stands. INTERNAL when what was stored is damaged.
  Status Load();

  // Does what can be done now. Returns when to be called again (steady clock) if nothing happens at the head
  // before.
  int64_t Step();

  FeedStatus status(int64_t steady_ms) const;
  DeadLetters& letters() { return letters_; }
  const FeedConsumer& consumer() const { return consumer_; }

 private:
  // Decided, and to be carried out once everything up to `needs` is on disk.
  struct Decided {
    FeedEffects effects;
    std::optional<LogIndex> offset;  // done up to here then
    DeadLetters::Change letters;
    LogIndex needs;
    uint64_t connection = 0;
    std::vector<LogIndex> entries;  // that it is about
    size_t published = 0;           // of its publications
  };
  struct Failing {
    LogIndex index;
    uint32_t tries = 0;
  };

  // Each may leave something decided, and may set a pause.
  void Decide(const FeedHead::State& head, FeedTime now);
  void DecideReplay(const store::StoreView& view, const DeadLetter& letter, FeedTime now);
  void DecideDue(const store::StoreView& view, FeedTime now);
  void DecideRun(const store::StoreView& view, FeedTime now);
  // True while the log grows faster than consumers shall follow: the machine is needed for messages.
  bool IsBusy(LogIndex committed, FeedTime now);
  // The dead letter that it comes to, or nothing yet.
  std::optional<DeadLetter> OnFailure(LogIndex index, const Handled& failure, FeedTime now);
  Handled HandleOne(const store::FeedEntry& entry, const FeedContext& context, FeedEffects& effects);
  // True when it stands in this store; else it begins anew there.
  bool Standing(const store::StoreView& view, LogIndex committed, FeedTime now);
  Status BeginIn(const store::StoreId& store_id, LogIndex head);
  Status DeleteOwnRows();
  Decided Empty(const store::StoreView& view) const;

  // Returns false when it has to wait.
  bool CarryOut(const FeedHead::State& head, FeedTime now);

  // Waits a while longer each time, and says why when that is news.
  void Pause(FeedTime now, const std::string& why);
  // Waits a moment for the store, as after each restart of the broker: no news.
  void PauseForStore(FeedTime now, const std::string& why);
  void Resume();
  // True when it was not so before.
  bool SetRunning(bool running, const std::string& why);
  void Say(const std::string& line) const { parts_.log(consumer_name_ + ": " + line); }

  const FeedParts parts_;
  FeedConsumer& consumer_;
  const std::string consumer_name_;
  DeadLetters letters_;

  // Of Step()'s thread.
  std::optional<FeedPosition> position_;
  std::optional<Decided> decided_;
  std::optional<Failing> failing_;
  bool stood_ = false;       // it was seen in this life that the offset is one of the store that is there
  uint64_t connection_ = 0;  // that the next decision belongs to
  int64_t not_before_ms_ = 0;
  // Of IsBusy(): how far the log was when it was looked at last.
  LogIndex paced_;
  int64_t paced_ms_ = 0;
  bool busy_ = false;
  client::Backoff backoff_;
  bool more_ = false;  // the view that was read has more

  mutable std::mutex mutex_;
  FeedStatus status_;  // guarded by mutex_; without what status() adds
};

}  // namespace parley::bridge
