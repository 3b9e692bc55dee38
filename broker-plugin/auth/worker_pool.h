#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace parley::plugin {

// One thread for slow work (key derivation), and the way back to the broker thread.
class WorkerPool {
 public:
  using Completion = std::function<void()>;  // runs on the broker thread
  using Job = std::function<Completion()>;   // runs on the worker

  // kYielding: work that many may ask for at once; the broker's and the store's threads go before it.
  enum class Priority { kOrdinary, kYielding };

  // `wake` is called on the worker when a completion waits.
  explicit WorkerPool(std::function<void()> wake, Priority priority = Priority::kOrdinary);
  ~WorkerPool();

  // Drops what has not begun and joins the worker; completions that wait are never run.
  void Stop();

  // Broker thread. False when too much waits already (kQueueMax); the job is then dropped.
  bool Submit(Job job);
  // Jobs that have not begun. Any thread.
  size_t waiting();
  // Broker thread: runs the completions that wait.
  void RunCompletions();

 private:
  static constexpr size_t kQueueMax = 1024;
  static constexpr int kYieldingNice = 10;
  void Run();

  const std::function<void()> wake_;
  const Priority priority_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;                // guarded by mutex_
  std::deque<Completion> completions_;  // guarded by mutex_
  bool stopping_ = false;               // guarded by mutex_
  std::thread thread_;
};

}  // namespace parley::plugin
