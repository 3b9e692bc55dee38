// Who may connect, what a connection is known by, and when it ends because its user has changed.

#include <utility>

#include <sodium.h>

#include "broker-plugin/app/chat_plugin.h"
#include "broker-plugin/auth/imported_hash.h"
#include "broker-plugin/delivery/local_pacing.h"

namespace parley::plugin {
namespace {

// A binding lasts 30 days from its last use, told to a day.
constexpr uint64_t kBindAgainMs = uint64_t{24} * 3600 * 1000;

bool SameText(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

ChatPlugin::LoginVerdict ChatPlugin::OnLogin(const ClientView& client, std::string_view password) {
  if (client.user == kDoorbellName) return OnDoorbellLogin(client, password);
  const LoginVerdict verdict = DecideLogin(client, password);
  ++logins_[static_cast<size_t>(verdict)];
  return verdict;
}

ChatPlugin::LoginVerdict ChatPlugin::DecideLogin(const ClientView& client, std::string_view password) {
  if (IsDeferred(client)) {  // another user's session is not for the taking, whoever asks
    const bool taken = sessions_.OwnerOtherThan(std::string(client.client), client.user).has_value();
    return taken ? LoginVerdict::kRefuse : LoginVerdict::kDefer;
  }
  // On a reload the broker asks again for every session that it has; an offline one has no password any more.
  // A new connection (web sockets are served before the tick) has no subscription yet, and logs in as always.
  if (reloading_ && (sessions_.Find(client.handle) != nullptr || client.subscriptions > 0))
    return LoginVerdict::kAccept;
  if (!ParseUserId(client.user) || !ParseClientId(client.client)) return LoginVerdict::kRefuse;
  switch (login_.Check(client.user, password, Login::Clock::now())) {
    case Login::Verdict::kRefuse:
      return LoginVerdict::kRefuse;
    case Login::Verdict::kTryAgain:
      return LoginVerdict::kTryAgain;
    case Login::Verdict::kAccept:
      break;
  }
  const std::string id(client.client);
  if (const std::optional<std::string> owner = sessions_.OwnerOtherThan(id, client.user)) {
    broker_.Log(Broker::Level::kWarning,
                "client id " + id + " belongs to " + (owner->empty() ? "a deleted user" : *owner));
    return LoginVerdict::kRefuse;
  }
  Admit(client);
  return LoginVerdict::kAccept;
}

// A client that has shown who it is.
Session& ChatPlugin::Admit(const ClientView& client) {
  Session session;
  session.client = std::string(client.client);
  session.user = std::string(client.user);
  session.kind = client.user == kBridgeUser ? Session::Kind::kBridge : Session::Kind::kUser;
  session.v5 = client.v5;
  session.outlives = !client.v5 && !client.clean;
  session.resumes = !client.clean;
  if (!client.clean) session.interest = Interest::Everything();
  Session& connected = sessions_.Connected(client.handle, std::move(session));
  silent_clients_.Watch(connected, SilentClients::Clock::now());
  if (connected.outlives) BindInLog(connected);
  return connected;
}

ChatPlugin::LoginVerdict ChatPlugin::OnDoorbellLogin(const ClientView& client, std::string_view password) {
  if (client.client != kDoorbellName || !SameText(password, doorbell_secret_)) {
    // On a reload the broker asks with the password that it keeps; the handle is proof enough.
    if (!reloading_ || client.handle != doorbell_handle_) return LoginVerdict::kRefuse;
  }
  if (doorbell_handle_ == client.handle) return LoginVerdict::kAccept;
  doorbell_handle_ = client.handle;
  if (options_.coalesce && doorbell_) {
    can_coalesce_ = broker_.LearnSockets(client.handle, doorbell_->local_port());
    if (!can_coalesce_) {
      broker_.Log(Broker::Level::kNotice,
                  "this broker's sockets cannot be found: deliveries are not coalesced");
    }
    // Not at the start: the broker opens its listeners after its plugins. Once, since it opens no others.
    const size_t changed = std::exchange(unpaced_, true) ? 0 : UnpaceLoopbackListeners();
    if (changed > 0) {
      broker_.Log(Broker::Level::kNotice, "TCP does not pace the connections to " + std::to_string(changed) +
                                              " loopback listener(s)");
    }
  }
  return LoginVerdict::kAccept;
}

void ChatPlugin::BindInLog(Session& session) {
  if (session.bound_at_ms && clock_.LogMs() < *session.bound_at_ms + kBindAgainMs) return;
  domain::Command command = commands_.New(session.user, session.client);
  command.mutable_bind_client()->set_client(session.client);
  command.mutable_bind_client()->set_username(session.user);
  if (commands_.Append(command)) session.bound_at_ms = command.log_time_ms();
}

void ChatPlugin::Remember(const domain::UserRecord& user, const std::string& mac, std::string_view password) {
  if (IsImportedHash(user.password_hash())) return Rehash(user, password);
  domain::Command command = commands_.New(user.username(), "");
  command.mutable_remember_credential()->set_username(user.username());
  command.mutable_remember_credential()->set_password_hash(user.password_hash());
  command.mutable_remember_credential()->set_remembered_mac(mac);
  if (!commands_.Append(command)) return;  // the next login pays once more
}

// A changed password, a disabled or deleted user: sessions end. (Memberships never disconnect anybody.)
void ChatPlugin::WillChange(const domain::Change& change) {
  std::string user;
  if (const auto* record = std::get_if<domain::UserRecord>(&change)) {
    const domain::User* before = view_.FindUser(record->username());
    if (before == nullptr) return;
    const bool same = before->record.password_index() == record->password_index();
    if (same && before->record.disabled() == record->disabled()) return;
    user = record->username();
  } else if (const auto* gone = std::get_if<domain::UserGone>(&change)) {
    user = gone->name.str();
  }
  if (user.empty()) return;
  for (const std::string& client : sessions_.ClientsOf(user)) kicks_.Later(client);
  if (std::holds_alternative<domain::UserGone>(change)) sessions_.Orphan(user);
}

}  // namespace parley::plugin
