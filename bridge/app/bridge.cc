#include "bridge/app/bridge.h"

#include <chrono>
#include <utility>

#include "bridge/app/consumers.h"
#include "bridge/app/credentials.h"
#include "bridge/app/log.h"
#include "bridge/app/methods.h"
#include "bridge/feed/feed_admin.h"
#include "bridge/feed/feed_metrics.h"
#include "bridge/metrics/process_metrics.h"
#include "bridge/outbound/http_client.h"
#include "bridge/presence/presence_methods.h"
#include "bridge/presence/presence_metrics.h"
#include "bridge/providers/providers.h"
#include "bridge/push/push_methods.h"
#include "bridge/push/push_metrics.h"
#include "bridge/webhooks/webhook_admin.h"
#include "bridge/webhooks/webhook_metrics.h"
#include "core/store/secondary_store.h"

namespace parley::bridge {
namespace {

constexpr int64_t kConnectAgainMs = 5'000;
// A push service that takes longer counts as one that does not answer.
constexpr int64_t kPushConnectMs = 10'000;
constexpr int64_t kPushRequestMs = 30'000;

int64_t NowMs() {
  using std::chrono::steady_clock;
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now().time_since_epoch())
      .count();
}

std::unique_ptr<store::StoreReader> MakeStore(const BridgeOptions& options, std::string scratch_path) {
  return store::MakeSecondaryStore({.store_path = options.store_path(),
                                    .scratch_path = std::move(scratch_path),
                                    .log = [](const std::string& line) { LogLine("store: " + line); }});
}

void LogLocal(const std::string& line) {
  LogLine("the bridge's own store: " + line);
}

}  // namespace

Bridge::Bridge(BridgeOptions options)
    : options_(std::move(options)),
      registry_(BridgeMethods()),
      store_(MakeStore(options_, options_.scratch_path())),
      feed_store_(MakeStore(options_, options_.feed_scratch_path())) {}

Bridge::~Bridge() {
  http_.reset();
  // They publish by the link, which tells them things.
  if (webhooks_) webhooks_->Stop();
  if (feed_) feed_->Stop();
  if (push_) push_->Stop();
  if (presence_) presence_->Stop();
  link_.reset();
}

Status Bridge::Start() {
  Result<Credentials> credentials = ReadCredentials(options_.credentials_path());
  if (!credentials) return std::move(credentials).error();
  Result<Routes> routes = MakeRoutes();
  if (!routes) return std::move(routes).error();
  Result<std::unique_ptr<store::LocalStore>> local =
      store::LocalStore::Open(options_.local_store_path(), &LogLocal);
  if (!local) return std::move(local).error().Within("open the bridge's own store");
  local_ = *std::move(local);
  if (Status started = StartPresence(); !started) return std::move(started).error().Within("start presence");
  if (Status started = StartPush(); !started) return std::move(started).error().Within("start push");
  if (Status started = StartFeed(); !started) return std::move(started).error().Within("start the feed");
  if (Status started = StartWebhooks(); !started) {
    return std::move(started).error().Within("start outgoing webhooks");
  }
  Result<std::unique_ptr<HttpServer>> http = HttpServer::Start({.host = options_.http_host,
                                                                .port = options_.http_port,
                                                                .routes = *std::move(routes),
                                                                .tls_certificate = options_.http_tls_cert,
                                                                .tls_key = options_.http_tls_key,
                                                                .connections_max = options_.http_connections,
                                                                .timeout_ms = options_.http_timeout_ms,
                                                                .counters = http_counters_});
  if (!http) return std::move(http).error().Within("serve HTTP");
  http_ = *std::move(http);
  LogLine(std::string(options_.http_tls_cert.empty() ? "serving HTTP on " : "serving HTTPS on ") +
          options_.http_host + ":" + std::to_string(http_->port()));
  return Connect(*std::move(credentials));
}

Status Bridge::StartPresence() {
  presence_ = std::make_unique<PresenceService>(
      PresenceService::Parts{.reader = *store_,
                             .local = *local_,
                             .publish = [this](const std::string& topic, const std::string& payload,
                                               std::function<void(const Status&)> done) -> Status {
                               const std::lock_guard lock(mutex_);
                               if (!link_) return Error{Code::UNAVAILABLE, "not connected"};
                               return link_->PublishRetained(topic, payload, std::move(done));
                             },
                             .ask_sessions =
                                 [this] {
                                   const std::lock_guard lock(mutex_);
                                   if (link_) link_->AskSessions();
                                 },
                             .log = [](const std::string& line) { LogLine("presence: " + line); }},
      options_.presence_grace_ms);
  AddPresenceMethods(registry_, *presence_);
  return presence_->Start();
}

Status Bridge::StartPush() {
  Result<AddressPolicy> policy = AddressPolicy::Allowing(options_.push_allow);
  if (!policy) return std::move(policy).error();
  Result<PushProviders> made = MakeProviders(options_.push.ForProviders(options_.vapid_key_path()));
  if (!made) return std::move(made).error();
  connectedness_ = std::make_unique<PresenceConnectedness>(*presence_);
  push_ = std::make_unique<PushService>(PushService::Parts{
      .reader = *feed_store_,
      .local = *local_,
      .connectedness = *connectedness_,
      .publish = [this](const FeedPublication& publication) { return Publish(publication); },
      .log = [](const std::string& line) { LogLine("push: " + line); },
      .providers = std::move(made->providers),
      .vapid_public_key = std::move(made->vapid_public_key),
      .http = {.name = {},
               .policy = *std::move(policy),
               .ca_file = options_.push_ca,
               .connections_per_host = static_cast<size_t>(options_.push.connections),
               .connect_timeout_ms = kPushConnectMs,
               .timeout_ms = kPushRequestMs},
      .start_client = &HttpClient::Start});
  AddPushMethods(registry_, *push_);
  return push_->Start();
}

Status Bridge::StartFeed() {
  feed_ = std::make_unique<Feed>(
      Feed::Parts{.reader = *feed_store_,
                  .local = *local_,
                  .publish = [this](const FeedPublication& publication) { return Publish(publication); },
                  .log = [](const std::string& line) { LogLine("feed: " + line); }});
  AddConsumers(*feed_, *presence_, *push_);
  AddFeedAdmin(registry_, *feed_);
  return feed_->Start();
}

Status Bridge::StartWebhooks() {
  Result<AddressPolicy> policy = AddressPolicy::Allowing(options_.push_allow);
  if (!policy) return std::move(policy).error();
  webhooks_ = std::make_unique<WebhookService>(
      WebhookService::Parts{.reader = *feed_store_,
                            .local = *local_,
                            .policy = *std::move(policy),
                            .ca_file = options_.push_ca,
                            .patience = options_.webhook_patience,
                            .user_agent = std::string("parley-bridge/") + PARLEY_VERSION,
                            .log = [](const std::string& line) { LogLine("webhook " + line); }});
  AddWebhookAdmin(registry_, webhooks_->engine());
  return webhooks_->Start();
}

Status Bridge::Publish(const FeedPublication& publication) {
  const std::lock_guard lock(mutex_);
  if (!link_) return Error{Code::UNAVAILABLE, "not connected"};
  return link_->Publish(publication.topic, publication.payload, publication.qos);
}

Status Bridge::Connect(Credentials credentials) {
  auto link = std::make_unique<BrokerLink>(
      BrokerLink::Options{
          .host = options_.host,
          .port = options_.port,
          .credentials = std::move(credentials),
          .on_refused =
              [this](const Error& why) {
                const std::lock_guard lock(mutex_);
                refused_ = why;
              },
          .on_committed =
              [this](LogIndex committed, uint64_t committed_ms) {
                feed_->Heard(committed);
                webhooks_->engine().Heard(committed);
                presence_->OnCommitted(committed);
                push_->OnCommitted(committed, committed_ms);
              },
          .on_lost =
              [this] {
                feed_->Lost();
                webhooks_->engine().Lost();
                presence_->OnLinkLost();
                push_->OnLinkLost();
              },
          .on_sessions = [this](const std::string& notice) { return presence_->OnNotice(notice); },
          .on_stats =
              [this](internal::v1::MetricsNotice notice) {
                broker_metrics_.Take(std::move(notice), NowMs());
              }},
      registry_, *store_, query_metrics_);
  BrokerLink& started = *link;
  {
    const std::lock_guard lock(mutex_);
    link_ = std::move(link);
  }
  return started.Start();
}

Status Bridge::Supervise() {
  std::unique_ptr<BrokerLink> done;
  std::optional<Error> why;
  {
    const std::lock_guard lock(mutex_);
    why = std::exchange(refused_, std::nullopt);
    if (why) done = std::move(link_);
  }
  if (why) {
    was_connected_ = was_connected_ || done->was_connected();
    done.reset();
    why = std::move(*why).Within(options_.credentials_path());
    if (!was_connected_) return *std::move(why);
    LogLine(why->reason + "; trying again in 5 s");
    connect_again_ms_ = NowMs() + kConnectAgainMs;
  }
  if (!connect_again_ms_ || NowMs() < *connect_again_ms_) return {};
  connect_again_ms_.reset();
  if (Status again = ConnectAgain(); !again) {
    LogLine(again.error().reason);
    connect_again_ms_ = NowMs() + kConnectAgainMs;
  }
  return {};
}

Status Bridge::ConnectAgain() {
  Result<Credentials> credentials = ReadCredentials(options_.credentials_path());
  if (!credentials) return std::move(credentials).error();
  return Connect(*std::move(credentials));
}

Health Bridge::LookAtLink() {
  Health health;
  health.applied = applied_;
  const std::lock_guard lock(mutex_);
  if (!link_) return health;
  health.broker_connected = link_->serving();
  health.committed = link_->committed().value;
  return health;
}

Health Bridge::CheckReady() {
  Health health = LookAtLink();
  const Result<std::unique_ptr<store::StoreView>> view = store_->View(LogIndex{});
  if (!view) return health;
  applied_ = health.applied = (*view)->applied().value;
  health.store_readable = (*view)->User("admin").has_value();
  return health;
}

void Bridge::CollectLink(MetricsPage& page) {
  const Health health = CheckReady();
  page.Gauge("parley_ready", "1: queries are answered, as /ready says.").Add(uint64_t{health.ready()});
  page.Gauge("parley_broker_connected", "1: the bridge is connected to the broker and its plugin.")
      .Add(uint64_t{health.broker_connected});
  page.Gauge("parley_store_readable", "1: the bridge can read the store.")
      .Add(uint64_t{health.store_readable});
  page.Gauge("parley_store_applied_index", "Newest log index in the bridge's view of the store.")
      .Add(health.applied);
  page.Gauge("parley_build_info", "1; the version stands in the label.")
      .Add(1.0, {{"version", PARLEY_VERSION}});
  const std::lock_guard lock(mutex_);
  page.Gauge("parley_queries_waiting", "Queries that wait for the bridge's worker.")
      .Add(uint64_t{link_ ? link_->queries_waiting() : 0});
  page.Gauge("parley_replies_parked", "Answers that wait until what they were read from is durable.")
      .Add(uint64_t{link_ ? link_->replies_parked() : 0});
}

Result<Routes> Bridge::MakeRoutes() {
  Result<CorsPolicy> cors = CorsPolicy::Of(options_.http_cors_origins);
  if (!cors) return std::move(cors).error();
  metrics_.Add([this](MetricsPage& page) { CollectLink(page); });
  metrics_.Add([this](MetricsPage& page) { broker_metrics_.Collect(page, NowMs()); });
  metrics_.Add([this](MetricsPage& page) { query_metrics_.Collect(page); });
  metrics_.Add([this](MetricsPage& page) { http_counters_.Collect(page); });
  metrics_.Add([this](MetricsPage& page) { CollectFeed(page, feed_->statuses()); });
  metrics_.Add([this](MetricsPage& page) { CollectWebhooks(page, webhooks_->engine().statuses()); });
  metrics_.Add([this](MetricsPage& page) { CollectPresence(page, presence_->status()); });
  metrics_.Add([this](MetricsPage& page) { CollectPush(page, *push_); });
  metrics_.Add(CollectProcess);
  Routes routes;
  routes.Allow(*std::move(cors));
  routes.Add("/health", [this] { return HttpReply{.body = HealthJson(LookAtLink())}; });
  routes.Add("/ready", [this] {
    const Health health = CheckReady();
    return HttpReply{.status = health.ready() ? 200 : 503, .body = ReadyJson(health)};
  });
  routes.Add("/metrics", [this] {
    return HttpReply{.body = metrics_.Text(), .content_type = "text/plain; version=0.0.4; charset=utf-8"};
  });
  return routes;
}

}  // namespace parley::bridge
