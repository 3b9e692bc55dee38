#include "broker-plugin/app/chat_plugin.h"

#include <algorithm>
#include <csignal>

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker-plugin/app/data_folder.h"
#include "broker-plugin/auth/credentials_file.h"
#include "broker-plugin/auth/password.h"
#include "schemas/json.h"

namespace parley::plugin {
namespace {

constexpr std::string_view kAdminUser = "admin";
constexpr int kFirstUsersSeconds = 30;
constexpr std::string_view kRequests = "chat/v1/requests/";
// Under load, commits are at least this far apart.
constexpr std::chrono::microseconds kCommitInterval{4500};

std::string Hex(const std::array<char, 16>& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text.push_back(kDigits[static_cast<uint8_t>(byte) >> 4]);
    text.push_back(kDigits[static_cast<uint8_t>(byte) & 15]);
  }
  return text;
}

uint64_t RandomNumber() {
  uint64_t number = 0;
  randombytes_buf(&number, sizeof number);
  return number;
}

ChatPlugin::AccessVerdict Verdict(const Decision& decision, bool defer_other_topics) {
  if (decision.access == Access::kAllow) return ChatPlugin::AccessVerdict::kAllow;
  if (decision.access == Access::kNotOurs && defer_other_topics) return ChatPlugin::AccessVerdict::kDefer;
  return ChatPlugin::AccessVerdict::kDeny;
}

CredentialMemory OpenMemory(Broker& broker, const std::string& folder, const std::array<char, 16>& store_id) {
  std::string why;
  CredentialMemory memory = CredentialMemory::Open(folder, Hex(store_id), why);
  if (!why.empty()) broker.Log(Broker::Level::kWarning, why);
  return memory;
}

}  // namespace

Result<std::unique_ptr<ChatPlugin>> ChatPlugin::Start(const PluginOptions& options, Broker& broker) {
  if (!StartCrypto()) return Error{Code::INTERNAL, "libsodium cannot start"};
  if (HashOfNobody().empty()) return Error{Code::INTERNAL, "no memory to hash a password"};
  if (Status folder = PrepareFolder(options.data_folder); !folder) return std::move(folder).error();
  if (Status folder = PrepareFolder(options.journal_folder); !folder) return std::move(folder).error();
  const std::string store = options.data_folder + "/store";
  if (Status folder = CheckStoreFolder(store); !folder) return std::move(folder).error();
  if (Status folder = PrepareFolder(store); !folder) return std::move(folder).error();
  ::umask(077);
  log::LocalLog::Opened opened;
  auto log = log::LocalLog::Open(
      {.store_path = store,
       .journal_path = options.journal_folder + "/journal",
       .journal_bytes = options.journal_bytes,
       .log =
           [&broker](const std::string& line) { broker.Log(Broker::Level::kWarning, Printable(line, 400)); }},
      opened);
  if (!log) return std::move(log).error();
  if (opened.recovered > 0) {
    broker.Log(Broker::Level::kNotice,
               "recovered " + std::to_string(opened.recovered) + " commands from the journal");
  }
  std::vector<std::string> left;
  auto held = log::HeldSlots::Open(options.journal_folder + "/held", opened.store_id, left);
  if (!held) return std::move(held).error();
  std::unique_ptr<ChatPlugin> plugin(
      new ChatPlugin(options, broker, std::move(*log), std::move(*held), std::move(opened)));
  if (options.doorbell) {  // before any thread that rings it
    plugin->doorbell_ = std::make_unique<Doorbell>(Doorbell::Options{
        .client_id = std::string(kDoorbellName),
        .user = std::string(kDoorbellName),
        .password = plugin->doorbell_secret_,
        .port = options.doorbell_port,
        .log = [&broker](const std::string& line) { broker.Log(Broker::Level::kNotice, line); }});
  }
  plugin->log_->Start(plugin->delivery_);
  if (Status cursors = plugin->AppendLeftCursors(left); !cursors) return std::move(cursors).error();
  if (Status users = plugin->MakeFirstUsers(); !users) return std::move(users).error();
  broker.Log(Broker::Level::kNotice, "ready: " + std::to_string(plugin->view_.user_count()) + " users, " +
                                         std::to_string(plugin->view_.room_count()) + " rooms, log index " +
                                         std::to_string(plugin->delivery_.committed().value) + ", data in " +
                                         options.data_folder);
  return plugin;
}

ChatPlugin::ChatPlugin(const PluginOptions& options, Broker& broker, std::unique_ptr<log::LocalLog> log,
                       std::unique_ptr<log::HeldSlots> held, log::LocalLog::Opened opened)
    : options_(options),
      broker_(broker),
      log_(std::move(log)),
      held_(std::move(held)),
      view_(std::move(opened.directory)),
      sessions_([this](const std::string& client) { return kicks_.Kick(client); }),
      kicks_(broker, sessions_, [this](ClientHandle handle) { OnDisconnect(handle); }),
      clock_(opened.log_time_ms, opened.wall_time_ms),
      memory_(OpenMemory(broker, options.key_folder, opened.store_id)),
      coalescer_([this](ClientHandle client, int known) { return broker_.SocketOf(client, known); }),
      delivery_(broker, view_, sessions_,
                {.ring = [this] { WakeUp(); },
                 .answered = [this](const domain::Applied& applied) { commands_.OnApplied(applied); },
                 .will_change = [this](const domain::Change& change) { WillChange(change); },
                 .released = [this](LogIndex committed) { log_->Release(committed); },
                 .routed = [this] { coalescer_.Release(); }},
                opened.applied),
      session_notices_(broker, RandomNumber(), &LogClock::WallMs),
      silent_clients_(broker, sessions_, [this](const Session& session) { kicks_.Later(session.client); }),
      commands_(*log_, clock_),
      pool_([this] { WakeUp(); }),
      login_pool_([this] { WakeUp(); }, WorkerPool::Priority::kYielding),
      requests_(view_, sessions_, commands_, delivery_, pool_, memory_),
      // Numbers rise over restarts, too: an answer of a bridge that has lived through one finds nobody.
      bridge_requests_(sessions_, delivery_, LogClock::WallMs() << 20),
      gate_(view_, commands_, delivery_, requests_, bridge_requests_, *held_),
      rewind_({.broker = broker,
               .view = view_,
               .sessions = sessions_,
               .pool = pool_,
               .open = [this] { return log_->SharedView(); },
               .wake = [this] { WakeUp(); }}),
      login_(view_, memory_, login_pool_,
             [this](const domain::UserRecord& user, const std::string& mac, std::string_view password) {
               Remember(user, mac, password);
             }),
      control_({.broker = broker,
                .view = view_,
                .commands = commands_,
                .pool = pool_,
                .memory = memory_,
                .sessions = sessions_,
                .bridge = bridge_requests_,
                .kick = [this](const std::string& user,
                               const std::string& client) { return kicks_.AllLater(user, client); },
                .stats = [this] { return Stats(); },
                .defer_other_topics = options.defer_other_topics}),
      doorbell_secret_(RandomSecret(32)) {
  for (domain::ClientRecord& record : opened.clients) {
    const domain::User* owner = view_.FindUser(record.username());
    if (owner == nullptr || owner->record.uid() != record.uid()) record.clear_username();
  }
  sessions_.SetListener(&session_notices_);
  sessions_.Restore(opened.clients, clock_.LogMs());
  gate_.signals().set_typing_time(std::chrono::milliseconds(options.typing_timeout_ms));
}

ChatPlugin::~ChatPlugin() {
  // A session that outlives its connection is in the broker's persistence file from here on: keep its owner.
  sessions_.ForEach([this](Session& session) {
    if (session.connected && session.kind == Session::Kind::kUser && session.v5) BindInLog(session);
  });
  gate_.cursors().AppendHeld();
  log_->Stop();
  pool_.Stop();
  login_pool_.Stop();
  doorbell_.reset();  // after everybody who rings it
}

Status ChatPlugin::MakeFirstUsers() {
  if (Status made = MakeUser(std::string(kAdminUser), "person", true, "admin.credentials"); !made)
    return made;
  return MakeUser(std::string(kBridgeUser), "service", false, "bridge.credentials");
}

// Makes a user of the first start, credentials file first: a crash in between finds it again.
Status ChatPlugin::MakeUser(const std::string& name, const std::string& kind, bool admin,
                            const std::string& file) {
  const bool exists = view_.FindUser(name) != nullptr;
  const std::string path = options_.data_folder + "/" + file;
  Result<std::optional<Credentials>> known = ReadCredentials(path);
  if (!known) return std::move(known).error();
  // An admin may have changed the password since; the bridge's file is the only place for its password.
  if (exists && (admin || *known)) return {};
  if (!exists && view_.user_count() > 0 && admin) return {};  // the first admin was deleted by another
  if (!*known) {
    *known = Credentials{name, RandomSecret(24)};
    if (Status written = WriteCredentials(path, **known); !written) return written;
    broker_.Log(Broker::Level::kNotice, "made the user " + name + ": its password is in " + path);
  }
  const std::string hash = HashPassword((*known)->password);
  if (hash.empty()) return Error{Code::INTERNAL, "no memory to hash a password"};
  const std::string mac = memory_.Mac(name, hash, (*known)->password);
  domain::Command command = commands_.New(name, "");
  if (exists) {
    command.mutable_set_password()->set_username(name);
    command.mutable_set_password()->set_password_hash(hash);
    command.mutable_set_password()->set_remembered_mac(mac);
  } else {
    internal::v1::CreateUser& create = *command.mutable_create_user();
    create.set_username(name);
    create.set_kind(kind);
    if (admin) create.add_roles("admin");
    create.set_password_hash(hash);
    create.set_remembered_mac(mac);
  }
  const Result<LogIndex> appended = commands_.Append(command);
  if (!appended) return appended.error();
  log_->Seal();
  if (!delivery_.DrainUntil(*appended, std::chrono::seconds(kFirstUsersSeconds))) {
    return Error{Code::INTERNAL, "the store does not take the first users: see the lines above"};
  }
  return {};
}

void ChatPlugin::OnDisconnect(ClientHandle handle) {
  if (handle == doorbell_handle_) {
    doorbell_handle_ = nullptr;
    delivery_.SetDoorbell(false);
    SetCoalescing(false);
    return;
  }
  if (handle == bridge_handle_ && bridge_handle_ != nullptr) {
    bridge_handle_ = nullptr;
    delivery_.SetBridge(false);
    bridge_requests_.OnBridgeGone();
  }
  if (handle == sessions_handle_ && sessions_handle_ != nullptr) {
    sessions_handle_ = nullptr;
    session_notices_.Stop();
  }
  Session* session = sessions_.Find(handle);
  if (session != nullptr) {
    if (const auto quiet = broker_.QuietBeforeEnd(handle)) {
      session->quiet_ms = static_cast<int32_t>(std::min<int64_t>(quiet->count(), INT32_MAX));
    }
    last_gone_ = {handle, session->user};
    gate_.signals().OnGone(session->client);
  } else if (last_gone_.handle != handle) {  // else told twice
    last_gone_ = {};
    unlearned_gone_ = handle;
  }
  if (std::optional<std::string> client = sessions_.Disconnected(handle))
    to_settle_.push_back(std::move(*client));
}

// A session that the broker has, by its handle or, when it came from the broker's persistence file or is
// offline, by the owner of its client id.
Session* ChatPlugin::Known(const ClientView& client, Session& scratch) {
  if (Session* session = sessions_.Find(client.handle)) return session;
  if (Session* session = LearnFromCertificate(client)) return session;
  const Session* owned = sessions_.FindClient(client.client);
  if (owned == nullptr || owned->connected || owned->user != client.user) return nullptr;
  // Who it is; what it has subscribed to is not to be changed.
  scratch.client = owned->client;
  scratch.user = owned->user;
  scratch.kind = owned->kind;
  scratch.connected = false;
  scratch.outlives = owned->outlives;
  scratch.v5 = owned->v5;
  return &scratch;
}

ChatPlugin::AccessVerdict ChatPlugin::OnSubscribe(const ClientView& client, std::string_view filter,
                                                  int qos) {
  if (client.handle == doorbell_handle_ && doorbell_handle_ != nullptr) {
    if (filter != kBarrierTopic) return AccessVerdict::kDeny;
    delivery_.SetDoorbell(true);
    SetCoalescing(can_coalesce_);
    return AccessVerdict::kAllow;
  }
  Session scratch;
  Session* session = Known(client, scratch);
  if (session == nullptr) return OnStranger(client, filter);
  // The broker asks again for the stored subscriptions of whom we kick; those are no new ones.
  if (!session->connected || kicks_.in_kick()) {
    const domain::User* user = view_.FindUser(session->user);
    // Nothing reaches the disabled; once enabled again, they are subscribed as they were.
    if (user != nullptr && user->disabled) return AccessVerdict::kAllow;
    return DecideSubscribe(client, *session, filter, qos);
  }
  const bool known = session->filters.Has(filter);
  const bool full = session->filters.size() >= view_.config().subscriptions_per_client;
  if (!known && full) return AccessVerdict::kDeny;
  const AccessVerdict verdict = DecideSubscribe(client, *session, filter, qos);
  if (!known && verdict != AccessVerdict::kDeny) session->filters.Add(filter);
  return verdict;
}

void ChatPlugin::OnUnsubscribe(const ClientView& client, std::string_view filter) {
  if (Session* session = sessions_.Find(client.handle)) {
    session->filters.Remove(filter);
  }
}

ChatPlugin::AccessVerdict ChatPlugin::DecideSubscribe(const ClientView& client, Session& session,
                                                      std::string_view filter, int qos) {
  const Identity who{session.user, session.client, session.kind == Session::Kind::kBridge};
  if (!who.bridge && Rewind::IsRewind(filter)) return OnRewind(client, session, filter, qos);
  const Decision decision = MaySubscribe(view_, who, filter);
  if (decision.access == Access::kAllow) {
    // An offline session of the broker's is interested in everything as it is.
    if (session.connected) sessions_.AddInterest(session, *WithoutShare(filter));
    if (who.bridge && session.connected) OnBridgeSubscribed(client, filter);
  }
  return Verdict(decision, options_.defer_other_topics);
}

void ChatPlugin::OnBridgeSubscribed(const ClientView& client, std::string_view filter) {
  if (filter == kStatsTopic) stats_due_ = {};  // at the next tick
  if (filter == kSessionsTopic) {
    sessions_handle_ = client.handle;
    session_notices_.Begin();
    return;
  }
  if (filter == kBridgeRequestTopic) {
    if (bridge_handle_ != client.handle) bridge_requests_.OnBridgeGone();  // of another connection
    bridge_handle_ = client.handle;
  }
  if (bridge_handle_ == client.handle) delivery_.SetBridge(true);  // the notice comes again, too
}

// Each SUBSCRIBE starts one; the questions that our own kicks cause do not.
ChatPlugin::AccessVerdict ChatPlugin::OnRewind(const ClientView& client, const Session& session,
                                               std::string_view filter, int qos) {
  if (!rewind_.MaySubscribe(session.user, filter)) return AccessVerdict::kDeny;
  const bool asked = !kicks_.in_kick() && sessions_.Find(client.handle) != nullptr;
  if (asked && !rewind_.Start(session, filter, qos, delivery_.shown())) return AccessVerdict::kDeny;
  return AccessVerdict::kAllow;
}

ChatPlugin::AccessVerdict ChatPlugin::OnReceive(const ClientView& client, std::string_view topic,
                                                std::string_view payload) {
  if (client.handle == doorbell_handle_ && doorbell_handle_ != nullptr) {
    if (topic == kBarrierTopic) delivery_.OnBarrierAsked(payload);
    return AccessVerdict::kDeny;
  }
  Session scratch;
  Session* session = Known(client, scratch);
  if (session == nullptr) return OnStranger(client, topic);
  const Identity who{session->user, session->client, session->kind == Session::Kind::kBridge};
  const Decision decision = may_receive_(who, topic);
  if (decision.access == Access::kAllow) {
    if (Signals::IsSignalTopic(topic) && !gate_.signals().MayReceive(who.user, topic, payload)) {
      return AccessVerdict::kDeny;
    }
    ++deliveries_;
    if (session != &scratch) coalescer_.OnDelivery(*session);
  }
  return Verdict(decision, options_.defer_other_topics);
}

ChatPlugin::AccessVerdict ChatPlugin::OnPublish(const ClientView& client, std::string_view topic) {
  if (client.handle == doorbell_handle_ && doorbell_handle_ != nullptr) {
    return topic == kDoorbellTopic ? AccessVerdict::kAllow : AccessVerdict::kDeny;
  }
  const Session* session = sessions_.Find(client.handle);
  if (session == nullptr) session = LearnFromCertificate(client);
  if (session == nullptr && IsRetainedOfBridge(client, topic)) return AccessVerdict::kAllow;
  if (session == nullptr) return IsDeferred(client) ? OnStranger(client, topic) : OnWill(client, topic);
  const Identity who{session->user, session->client, session->kind == Session::Kind::kBridge};
  const Decision decision = MayPublish(view_, who, topic);
  if (decision.access == Access::kDeny && IsChat(topic)) gate_.OnDenied(*session);
  return Verdict(decision, options_.defer_other_topics);
}

// Who is gone publishes nothing but a will, and that only to plain topics.
ChatPlugin::AccessVerdict ChatPlugin::OnWill(const ClientView& client, std::string_view topic) {
  const domain::User* user = view_.FindUser(client.user);
  if (user == nullptr || user->record.disabled()) return AccessVerdict::kDeny;
  const Session* owner = sessions_.FindClient(client.client);  // offline, or who has taken over
  const bool left = last_gone_.handle == client.handle && last_gone_.user == client.user;
  if (!left && (owner == nullptr || owner->user != client.user)) return AccessVerdict::kDeny;
  const Identity who{client.user, client.client, client.user == kBridgeUser};
  return Verdict(MayPublishWill(view_, who, topic), options_.defer_other_topics);
}

Gate::Verdict ChatPlugin::OnMessage(const ClientView& client, const Publication& publication) {
  Session* session = sessions_.Find(client.handle);
  if (session == nullptr) {
    if (IsChat(publication.topic)) return Gate::Verdict::kRefuse;
    gate_.bound().Take(nullptr, publication.topic, publication.payload, publication.qos);
    return Gate::Verdict::kPass;
  }
  if (log_failed_ && IsChat(publication.topic)) return Gate::Verdict::kClose;
  if (publication.topic.substr(0, kRequests.size()) == kRequests) session_notices_.TellNow();
  if (publication.qos > 0) coalescer_.OnAnswer(*session);
  return gate_.OnMessage(*session, publication);
}

void ChatPlugin::OnControl(const ClientView& client, std::string_view topic, std::string_view payload) {
  if (topic == kDoorbellTopic) {
    RunCompletions();
    delivery_.Drain();
    rewind_.Drain();
    return;
  }
  const Session* session = sessions_.Find(client.handle);
  if (session == nullptr) return;
  if (session->kind != Session::Kind::kBridge && !IsAdmin(view_, session->user)) return;
  control_.OnControl(session->user, session->client, payload);
}

void ChatPlugin::OnTick() {
  reloading_ = false;
  unlearned_gone_ = nullptr;
  RunCompletions();
  for (const std::string& client : std::exchange(to_settle_, {})) {
    if (Session* kept = sessions_.Settle(client)) BindInLog(*kept);
  }
  coalescer_.OnPassEnd();
  const auto now = std::chrono::steady_clock::now();
  bridge_requests_.Expire(now);
  TellStats(now);
  gate_.signals().OnTick(now);
  delivery_.OnTick();
  silent_clients_.OnTick(now);
  session_notices_.OnTick(now);
  rewind_.Drain();
  kicks_.OnTick();
  KickStrangers();
  EndBrokerWhenLogFailed();
  gate_.cursors().OnTick(Cursors::Clock::now());
  log_->Seal();
}

void ChatPlugin::KickStrangers() {
  for (const std::string& client : std::exchange(strangers_, {})) {
    const Session* session = sessions_.FindClient(client);
    if (session == nullptr || !session->connected) broker_.Kick(client);
  }
}

// Commits come in bursts only where bursts cost less than single messages.
void ChatPlugin::SetCoalescing(bool on) {
  coalescer_.SetActive(on);
  log_->SetCommitInterval(on ? kCommitInterval : std::chrono::microseconds(0));
}

void ChatPlugin::RunCompletions() {
  pool_.RunCompletions();
  login_pool_.RunCompletions();
}

void ChatPlugin::WakeUp() {
  if (doorbell_) doorbell_->Ring();
}

// The log takes nothing any more: say why, and end the broker the ordinary way; the next start recovers.
void ChatPlugin::EndBrokerWhenLogFailed() {
  if (log_failed_) return;
  const std::optional<Error> failure = delivery_.failure();
  if (!failure) return;
  log_failed_ = true;
  broker_.Log(Broker::Level::kError, failure->reason);
  ::kill(::getpid(), SIGTERM);
}

}  // namespace parley::plugin
