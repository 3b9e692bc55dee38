#include "bridge/feed/feed.h"

#include <chrono>
#include <exception>
#include <random>
#include <utility>

#include <sys/resource.h>

#include "bridge/service/limits.h"

namespace parley::bridge {
namespace {

template <typename Clock>
int64_t MsOf() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
}

FeedTime Now() {
  return {MsOf<std::chrono::steady_clock>(), MsOf<std::chrono::system_clock>()};
}

// On a busy machine the feed waits: messages and queries go first. (Linux: of the calling thread alone.
// Whether it succeeds changes no result.)
void YieldToOthers() {
  (void)setpriority(PRIO_PROCESS, 0, limits::kFeedNice);
}

}  // namespace

Feed::~Feed() {
  Stop();
}

void Feed::Add(std::unique_ptr<FeedConsumer> consumer) {
  Worker& worker = workers_.emplace_back();
  worker.consumer = std::move(consumer);
  auto random = std::make_shared<std::mt19937_64>(std::random_device()());
  worker.runner = std::make_unique<FeedRunner>(FeedParts{.reader = parts_.reader,
                                                         .local = parts_.local,
                                                         .head = head_,
                                                         .publish = parts_.publish,
                                                         .log = parts_.log,
                                                         .clock = &Now,
                                                         .random = [random] { return (*random)(); }},
                                               *worker.consumer);
}

Status Feed::Start() {
  for (Worker& worker : workers_) {
    if (Status loaded = worker.runner->Load(); !loaded) return loaded;
  }
  for (Worker& worker : workers_) {
    worker.thread = std::thread([this, &runner = *worker.runner] { Run(runner); });
  }
  return {};
}

void Feed::Stop() {
  stopping_ = true;
  head_.Wake();
  for (Worker& worker : workers_) {
    if (worker.thread.joinable()) worker.thread.join();
  }
}

void Feed::Heard(LogIndex committed) {
  head_.Heard(committed, Now().steady_ms);
}

std::vector<FeedStatus> Feed::statuses() const {
  std::vector<FeedStatus> statuses;
  for (const Worker& worker : workers_) statuses.push_back(worker.runner->status(Now().steady_ms));
  return statuses;
}

DeadLetters* Feed::letters(std::string_view consumer) const {
  for (const Worker& worker : workers_) {
    if (worker.consumer->name() == consumer) return &worker.runner->letters();
  }
  return nullptr;
}

void Feed::Run(FeedRunner& runner) {
  YieldToOthers();
  while (!stopping_) {
    const uint64_t seen = head_.version();
    int64_t pause_ms = limits::kFeedRetryLastMs;
    try {
      pause_ms = runner.Step() - Now().steady_ms;
    } catch (const std::exception& error) {  // out of memory: this step's problem alone
      parts_.log(std::string(runner.consumer().name()) + ": " + error.what() + "; trying again");
    }
    if (pause_ms > 0) head_.Wait(seen, pause_ms);
  }
}

}  // namespace parley::bridge
