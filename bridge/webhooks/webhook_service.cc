#include "bridge/webhooks/webhook_service.h"

#include <chrono>
#include <exception>
#include <random>
#include <utility>

#include <sys/resource.h>

#include "bridge/service/limits.h"
#include "bridge/webhooks/limits.h"

namespace parley::bridge {
namespace {

template <typename Clock>
int64_t MsOf() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
}

FeedTime Now() {
  return {MsOf<std::chrono::steady_clock>(), MsOf<std::chrono::system_clock>()};
}

}  // namespace

WebhookService::WebhookService(Parts parts) : log_(parts.log) {
  // Asked by the engine alone, under its lock.
  auto random = std::make_shared<std::mt19937_64>(std::random_device()());
  engine_ = std::make_unique<WebhookEngine>(WebhookEngine::Parts{
      .reader = parts.reader,
      .local = parts.local,
      .policy = parts.policy,
      .patience = parts.patience,
      .user_agent = std::move(parts.user_agent),
      .start_client =
          [policy = parts.policy, ca_file = parts.ca_file] {
            return HttpClient::Start({.name = "webhooks",
                                      .policy = policy,
                                      .ca_file = ca_file,
                                      .connections_per_host = limits::kWebhookRoomsAtOnce,
                                      .connect_timeout_ms = limits::kWebhookConnectMs,
                                      .timeout_ms = limits::kWebhookTimeoutMs});
          },
      .log = parts.log,
      .clock = &Now,
      .random = [random] { return (*random)(); },
      .wake = [this] { Wake(); }});
}

WebhookService::~WebhookService() {
  Stop();
}

Status WebhookService::Start() {
  if (Status loaded = engine_->Load(); !loaded) return loaded;
  thread_ = std::thread([this] { Run(); });
  return {};
}

void WebhookService::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void WebhookService::Wake() {
  {
    const std::lock_guard lock(mutex_);
    ++wakes_;
  }
  changed_.notify_all();
}

void WebhookService::Run() {
  // As the feed's threads: messages and queries go first. (Linux: of the calling thread alone.)
  (void)setpriority(PRIO_PROCESS, 0, limits::kFeedNice);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const uint64_t seen = wakes_;
    lock.unlock();
    int64_t pause_ms = limits::kFeedRetryLastMs;
    try {
      pause_ms = engine_->Step() - Now().steady_ms;
    } catch (const std::exception& error) {  // out of memory: this step's problem alone
      log_(std::string(error.what()) + "; trying again");
    }
    lock.lock();
    if (pause_ms <= 0) continue;
    changed_.wait_for(lock, std::chrono::milliseconds(pause_ms), [&] { return stopping_ || wakes_ != seen; });
  }
}

}  // namespace parley::bridge
