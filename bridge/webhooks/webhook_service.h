#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "bridge/webhooks/webhook_engine.h"

namespace parley::bridge {

// The engine of outgoing webhooks with its thread. It sleeps while there is no webhook.
class WebhookService {
 public:
  struct Parts {
    store::StoreReader& reader;
    store::LocalStore& local;
    AddressPolicy policy;
    std::string ca_file;  // more trusted authorities; "": the system's alone
    HookPatience patience;
    std::string user_agent;
    std::function<void(const std::string&)> log;  // any thread
  };
  explicit WebhookService(Parts parts);
  ~WebhookService();  // Stop()
  WebhookService(const WebhookService&) = delete;
  WebhookService& operator=(const WebhookService&) = delete;

  // The error is one line for the operator.
  Status Start();
  // What is under way is given up: it is sent again by the next start. Idempotent.
  void Stop();

  WebhookEngine& engine() { return *engine_; }

 private:
  void Run();
  void Wake();

  const std::function<void(const std::string&)> log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  uint64_t wakes_ = 0;
  bool stopping_ = false;

  std::unique_ptr<WebhookEngine> engine_;
  std::thread thread_;
};

}  // namespace parley::bridge
