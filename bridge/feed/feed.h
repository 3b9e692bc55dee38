#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bridge/feed/consumer.h"
#include "bridge/feed/head.h"
#include "bridge/feed/runner.h"
#include "bridge/feed/status.h"
#include "schemas/result.h"

namespace parley::bridge {

// The change feed with its consumers, a thread each. Any thread, unless noted.
class Feed {
 public:
  struct Parts {
    store::StoreReader& reader;
    store::LocalStore& local;
    std::function<Status(const FeedPublication&)> publish;  // any thread; see FeedParts
    std::function<void(const std::string&)> log;            // any thread
  };

  explicit Feed(Parts parts) : parts_(std::move(parts)) {}
  ~Feed();  // Stop()
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // Before Start().
  void Add(std::unique_ptr<FeedConsumer> consumer);
  // Reads where each stands, and starts. The error is one line for the operator.
  Status Start();
  // Each consumer ends after the step that it is in. Idempotent.
  void Stop();

  // What the plugin says of the log.
  void Heard(LogIndex committed);
  void Lost() { head_.Lost(); }

  std::vector<FeedStatus> statuses() const;
  // The letters of that consumer, or null.
  DeadLetters* letters(std::string_view consumer) const;
  // An administrator has changed some letters.
  void Wake() { head_.Wake(); }

 private:
  struct Worker {
    std::unique_ptr<FeedConsumer> consumer;
    std::unique_ptr<FeedRunner> runner;
    std::thread thread;
  };

  void Run(FeedRunner& runner);

  const Parts parts_;
  FeedHead head_;
  std::atomic<bool> stopping_{false};
  std::vector<Worker> workers_;  // unchanged after Start()
};

}  // namespace parley::bridge
