#include "broker-plugin/auth/worker_pool.h"

#include <csignal>

#include <sys/resource.h>
#include <unistd.h>

namespace parley::plugin {

WorkerPool::WorkerPool(std::function<void()> wake, Priority priority)
    : wake_(std::move(wake)), priority_(priority) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

WorkerPool::~WorkerPool() {
  Stop();
}

void WorkerPool::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
  thread_.join();
}

bool WorkerPool::Submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (jobs_.size() >= kQueueMax) return false;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

size_t WorkerPool::waiting() {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

void WorkerPool::RunCompletions() {
  std::deque<Completion> ready;
  {
    const std::lock_guard lock(mutex_);
    ready.swap(completions_);
  }
  for (const Completion& completion : ready) completion();
}

void WorkerPool::Run() {
  if (priority_ == Priority::kYielding) {  // of this thread alone; where it is refused, nothing else changes
    static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kYieldingNice));
  }
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    Completion completion = job();
    lock.lock();
    completions_.push_back(std::move(completion));
    lock.unlock();
    wake_();
    lock.lock();
  }
}

}  // namespace parley::plugin
