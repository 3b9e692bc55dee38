#include "bridge/app/bridge.h"

#include <chrono>
#include <utility>

#include "bridge/app/consumers.h"
#include "bridge/app/credentials.h"
#include "bridge/app/log.h"
#include "bridge/app/methods.h"
#include "bridge/feed/feed_admin.h"
#include "bridge/presence/presence_methods.h"
#include "core/store/secondary_store.h"

namespace parley::bridge {
namespace {

constexpr int64_t kConnectAgainMs = 5'000;

int64_t NowMs() {
  using std::chrono::steady_clock;
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now().time_since_epoch())
      .count();
}

std::unique_ptr<store::StoreReader> MakeStore(const BridgeOptions& options) {
  return store::MakeSecondaryStore({.store_path = options.store_path(),
                                    .scratch_path = options.scratch_path(),
                                    .log = [](const std::string& line) { LogLine("store: " + line); }});
}

void LogLocal(const std::string& line) {
  LogLine("the bridge's own store: " + line);
}

}  // namespace

Bridge::Bridge(BridgeOptions options)
    : options_(std::move(options)), registry_(BridgeMethods()), store_(MakeStore(options_)) {}

Bridge::~Bridge() {
  http_.reset();
  // They publish by the link, which tells them things.
  if (feed_) feed_->Stop();
  if (presence_) presence_->Stop();
  link_.reset();
}

Status Bridge::Start() {
  Result<Credentials> credentials = ReadCredentials(options_.credentials_path());
  if (!credentials) return std::move(credentials).error();
  Result<std::unique_ptr<store::LocalStore>> local =
      store::LocalStore::Open(options_.local_store_path(), &LogLocal);
  if (!local) return std::move(local).error().Within("open the bridge's own store");
  local_ = *std::move(local);
  if (Status started = StartPresence(); !started) return std::move(started).error().Within("start presence");
  if (Status started = StartFeed(); !started) return std::move(started).error().Within("start the feed");
  Result<std::unique_ptr<HttpServer>> http = HttpServer::Start(
      {.host = options_.http_host, .port = options_.http_port, .health = [this] { return CheckHealth(); }});
  if (!http) return std::move(http).error().Within("serve HTTP");
  http_ = *std::move(http);
  LogLine("serving HTTP on " + options_.http_host + ":" + std::to_string(http_->port()));
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

Status Bridge::StartFeed() {
  feed_ = std::make_unique<Feed>(
      Feed::Parts{.reader = *store_,
                  .local = *local_,
                  .publish = [this](const FeedPublication& publication) { return Publish(publication); },
                  .log = [](const std::string& line) { LogLine("feed: " + line); }});
  AddConsumers(*feed_, *presence_);
  AddFeedAdmin(registry_, *feed_);
  return feed_->Start();
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
              [this](LogIndex committed) {
                feed_->Heard(committed);
                presence_->OnCommitted(committed);
              },
          .on_lost =
              [this] {
                feed_->Lost();
                presence_->OnLinkLost();
              },
          .on_sessions = [this](const std::string& notice) { return presence_->OnNotice(notice); }},
      registry_, *store_);
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

Health Bridge::CheckHealth() {
  Health health;
  {
    const std::lock_guard lock(mutex_);
    health.broker_connected = link_ && link_->serving();
  }
  const Result<std::unique_ptr<store::StoreView>> view = store_->View(LogIndex{});
  if (!view) return health;
  health.applied = (*view)->applied().value;
  health.store_readable = (*view)->User("admin").has_value();
  return health;
}

}  // namespace parley::bridge
