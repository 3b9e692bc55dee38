#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

#include "bridge/app/bridge_options.h"
#include "bridge/app/broker_link.h"
#include "bridge/app/credentials.h"
#include "bridge/app/presence_connectedness.h"
#include "bridge/feed/feed.h"
#include "bridge/http/health.h"
#include "bridge/http/http_server.h"
#include "bridge/metrics/broker_metrics.h"
#include "bridge/metrics/query_metrics.h"
#include "bridge/metrics/registry.h"
#include "bridge/presence/presence_service.h"
#include "bridge/push/push_service.h"
#include "bridge/service/registry.h"
#include "bridge/webhooks/webhook_service.h"
#include "core/store/local_store.h"
#include "core/store/store_reader.h"

namespace parley::bridge {

// The service, put together. All methods: the main thread.
class Bridge {
 public:
  explicit Bridge(BridgeOptions options);
  ~Bridge();
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  // Opens the bridge's own store, binds the HTTP port, then starts to connect. The error is one line for the
  // operator.
  Status Start();

  // To be called every moment. An error, in one line: the broker refuses our credentials, and never took
  // them. When it took them before, they are read again and tried for ever: the data folder may have been
  // made anew.
  Status Supervise();

 private:
  Status Connect(Credentials credentials);
  Status ConnectAgain();
  Status StartPresence();
  Status StartPush();
  Status StartFeed();
  Status StartWebhooks();
  Status Publish(const FeedPublication& publication);  // any thread
  Result<Routes> MakeRoutes();
  // On the HTTP server's thread.
  Health LookAtLink();  // without a look at the store: never waits long
  Health CheckReady();
  void CollectLink(MetricsPage& page);

  const BridgeOptions options_;
  MetricsRegistry metrics_;  // read by the HTTP server
  BrokerMetrics broker_metrics_;
  QueryMetrics query_metrics_;
  HttpCounters http_counters_;
  Registry registry_;  // unchanged after Start()
  const std::unique_ptr<store::StoreReader> store_;
  // The feed's own look at the store: it works when nothing else does, and a query never waits for it.
  const std::unique_ptr<store::StoreReader> feed_store_;
  std::unique_ptr<store::LocalStore> local_;  // what the bridge remembers; set by Start()

  std::unique_ptr<PresenceService> presence_;             // set by Start()
  std::unique_ptr<PresenceConnectedness> connectedness_;  // set by Start()
  std::unique_ptr<PushService> push_;                     // set by Start()
  std::unique_ptr<Feed> feed_;                            // set by Start()
  std::unique_ptr<WebhookService> webhooks_;              // set by Start()

  std::atomic<uint64_t> applied_{0};  // seen in the store when it was looked at last

  std::mutex mutex_;
  std::unique_ptr<BrokerLink> link_;  // guarded by mutex_
  std::optional<Error> refused_;      // guarded by mutex_

  bool was_connected_ = false;
  std::optional<int64_t> connect_again_ms_;
  std::unique_ptr<HttpServer> http_;  // ends first: it asks the others
};

}  // namespace parley::bridge
