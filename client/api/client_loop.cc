#include "client/api/client_loop.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>

namespace parley::client {
namespace {

// Events that wait for the user; above: the client waits, too.
constexpr size_t kStreamItemsMax = 10'000;

int64_t MonotonicMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

int64_t UnixMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

SessionConfig ConfigOf(const ClientOptions& options) {
  SessionConfig config;
  config.user = options.mqtt.user;
  config.client_id = options.mqtt.client_id;
  config.stream = options.stream;
  config.admin = options.admin;
  config.window = options.window;
  config.send_patience_ms = options.send_patience_ms;
  config.request_patience_ms = options.request_patience_ms;
  return config;
}

template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <typename... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

// Takes the callback of `key` out of `callbacks` and calls it.
template <typename Map, typename Outcome>
void Finish(Map& callbacks, const typename Map::key_type& key, const Outcome& outcome) {
  auto node = callbacks.extract(key);
  if (!node.empty()) node.mapped()(outcome);
}

}  // namespace

ClientLoop::ClientLoop(const ClientOptions& options)
    : set_connected_(connected_.Setter()),
      stream_(kStreamItemsMax),
      following_(options.stream.rooms != StreamConfig::Rooms::kNone || options.stream.inbox),
      random_(std::random_device{}()),
      session_(ConfigOf(options), [this] { return random_(); }),
      transport_(options.mqtt, *this) {}

ClientLoop::~ClientLoop() {
  Stop(0);
}

// Until everything that was asked for before has reached the transport, which drops what it has not begun.
void ClientLoop::HandOver(int64_t patience_ms) {
  const auto reached = std::make_shared<std::promise<void>>();
  const std::future<void> handed_over = reached->get_future();
  if (!transport_.Post([reached] { reached->set_value(); })) return;
  handed_over.wait_for(std::chrono::milliseconds(patience_ms));
}

Status ClientLoop::Start() {
  return transport_.Start();
}

void ClientLoop::Stop(int64_t flush_ms) {
  stream_.Close();  // the transport's thread may wait for a place in it
  if (flush_ms > 0) HandOver(flush_ms);
  transport_.Stop(flush_ms);
  End({Code::UNAVAILABLE, "the client was stopped"});
}

void ClientLoop::Send(const std::string& room, v1::Draft draft, int qos, const SendCallback& done) {
  const Status posted = transport_.Post([this, room, draft = std::move(draft), qos, done]() mutable {
    if (const auto why = ended()) return done(*why);
    if (draft.id().empty()) draft.set_id(session_.NewMessageId(UnixMs()));
    const std::pair key(room, draft.id());
    if (sends_.count(key) > 0) {
      return done(Error{Code::ALREADY_EXISTS, "a message with this id is being sent"});
    }
    sends_[key] = done;
    Tell([&] {
      Status added = session_.Send(room, draft, qos);
      if (!added) Finish(sends_, key, Result<v1::Ack>(std::move(added).error()));
    });
  });
  if (!posted) done(posted.error());
}

void ClientLoop::Say(const std::function<void(Session&)>& say) {
  // Once the client has ended nobody is told.
  (void)transport_.Post([this, say] {
    if (!ended()) Tell([&] { say(session_); });
  });
}

void ClientLoop::Request(const std::string& method, Encode encode, Repeat repeat,
                         const RequestCallback& done) {
  const Status posted = transport_.Post([this, method, encode = std::move(encode), repeat, done] {
    if (const auto why = ended()) return done(*why);
    const std::string id = session_.NewRequestId();
    requests_[id] = done;
    Tell([&] {
      Status added = session_.Request(method, id, encode(id), repeat);
      if (!added) Finish(requests_, id, Result<std::string>(std::move(added).error()));
    });
  });
  if (!posted) done(posted.error());
}

void ClientLoop::Control(std::vector<std::string> commands, const ControlCallback& done) {
  const Status posted = transport_.Post([this, commands = std::move(commands), done] {
    if (const auto why = ended()) return done(*why);
    const uint64_t list = ++last_list_;
    lists_[list] = done;
    Tell([&] {
      Status added = session_.Control(list, commands);
      if (!added) Finish(lists_, list, Result<std::vector<std::string>>(std::move(added).error()));
    });
  });
  if (!posted) done(posted.error());
}

Result<std::optional<Client::StreamItem>> ClientLoop::Next(int64_t timeout_ms,
                                                           const std::atomic<bool>* interrupted) {
  const int64_t deadline_ms = MonotonicMs() + timeout_ms;
  while (true) {
    const int64_t left_ms = std::max<int64_t>(0, deadline_ms - MonotonicMs());
    const bool had_ended = ended().has_value();
    std::optional<Client::StreamItem> item =
        stream_.Pop(std::chrono::milliseconds(std::min<int64_t>(left_ms, 50)));
    if (item) return item;
    if (had_ended) return *ended();
    if (interrupted != nullptr && *interrupted) return Error{Code::UNAVAILABLE, "interrupted"};
    if (MonotonicMs() >= deadline_ms) return std::optional<Client::StreamItem>();
  }
}

// --- the transport's thread ---

void ClientLoop::OnConnected(bool /*session_present*/) {
  set_connected_(Status());
  if (std::exchange(was_lost_, false) && following_) stream_.Push(ConnectionChange{});
  Tell([this] { session_.OnConnected(); });
}

void ClientLoop::OnConnectionLost(const Error& why) {
  was_lost_ = true;
  if (following_) stream_.Push(ConnectionChange{why});
  Tell([this] { session_.OnDisconnected(); });
}

void ClientLoop::OnGaveUp(const Error& why) {
  set_connected_(why);
  End(why);
}

void ClientLoop::OnMessage(MqttMessage message) {
  Tell([&] { session_.OnMessage(message.topic, std::move(message.payload)); });
}

void ClientLoop::OnSubscribed(const std::string& filter, const Status& status) {
  Tell([&] { session_.OnSubscribed(filter, status); });
}

void ClientLoop::OnTick() {
  Tell([] {});
}

void ClientLoop::Tell(const std::function<void()>& input) {
  session_.Tick(MonotonicMs());
  input();
  for (Effect& effect : session_.TakeEffects()) CarryOut(std::move(effect));
}

void ClientLoop::CarryOut(Effect effect) {
  // A subscription or publish that fails for want of a connection is repeated by the session after the next
  // one.
  std::visit(Overloaded{
                 [this](SubscribeTo& to) { (void)transport_.Subscribe(to.filter, to.qos); },
                 [this](PublishTo& to) { (void)transport_.Publish(to.topic, to.payload, to.qos); },
                 [this](Deliver& deliver) { stream_.Push(std::move(deliver.event)); },
                 [this](Told& told) {
                   std::visit([this](auto& what) { stream_.Push(std::move(what)); }, told.what);
                 },
                 [this](CaughtUp& caught_up) { stream_.Push(std::move(caught_up)); },
                 [this](Notice& notice) { stream_.Push(std::move(notice)); },
                 [this](Failed& failed) { End(failed.why); },
                 [this](SendDone& done) {
                   Finish(sends_, {done.room, done.id}, done.outcome);
                 },
                 [this](RequestDone& done) { Finish(requests_, done.request_id, done.outcome); },
                 [this](ControlDone& done) { Finish(lists_, done.list, done.outcome); },
             },
             effect);
}

// Nobody waits for ever: each callback that is still due gets the reason.
void ClientLoop::End(const Error& why) {
  {
    const std::lock_guard lock(ended_mutex_);
    if (ended_) return;
    ended_ = why;
  }
  stream_.Close();
  for (auto& [key, done] : std::exchange(sends_, {})) done(why);
  for (auto& [key, done] : std::exchange(requests_, {})) done(why);
  for (auto& [key, done] : std::exchange(lists_, {})) done(why);
}

std::optional<Error> ClientLoop::ended() {
  const std::lock_guard lock(ended_mutex_);
  return ended_;
}

}  // namespace parley::client
