#pragma once

#include <array>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "broker-plugin/acl/access.h"
#include "broker-plugin/acl/receive_check.h"
#include "broker-plugin/app/kicks.h"
#include "broker-plugin/app/plugin_options.h"
#include "broker-plugin/auth/credential_memory.h"
#include "broker-plugin/auth/login.h"
#include "broker-plugin/auth/sessions.h"
#include "broker-plugin/auth/worker_pool.h"
#include "broker-plugin/control/control.h"
#include "broker-plugin/delivery/broker.h"
#include "broker-plugin/delivery/delivery.h"
#include "broker-plugin/delivery/doorbell.h"
#include "broker-plugin/delivery/output_coalescer.h"
#include "broker-plugin/delivery/session_notices.h"
#include "broker-plugin/delivery/silent_clients.h"
#include "broker-plugin/gate/bridge_requests.h"
#include "broker-plugin/gate/command_sender.h"
#include "broker-plugin/gate/gate.h"
#include "broker-plugin/requests/requests.h"
#include "broker-plugin/rewind/rewind.h"
#include "core/log/held_slots.h"
#include "core/log/local_log.h"

namespace parley::plugin {

// A client as the broker shows it in a callback; views are valid for the call.
struct ClientView {
  ClientHandle handle = nullptr;
  std::string_view client;
  std::string_view user;
  bool v5 = false;
  bool clean = false;     // clean session (3.1.1), clean start (5)
  int subscriptions = 0;  // that the broker holds for it now
};

// The plugin without Mosquitto's C API: one method per broker callback, all on the broker thread. Composes
// gate, log, delivery, control and authentication.
class ChatPlugin {
 public:
  static Result<std::unique_ptr<ChatPlugin>> Start(const PluginOptions& options, Broker& broker);
  // Commits what was taken and joins all threads. The broker publishes nothing any more.
  ~ChatPlugin();
  ChatPlugin(const ChatPlugin&) = delete;
  ChatPlugin& operator=(const ChatPlugin&) = delete;

  enum class LoginVerdict {
    kAccept,
    kRefuse,    // CONNACK: not authorised
    kTryAgain,  // closed without a CONNACK
    kDefer,     // a user whom Parley does not know: password_file and other plugins decide
  };
  LoginVerdict OnLogin(const ClientView& client, std::string_view password);
  void OnDisconnect(ClientHandle handle);

  enum class AccessVerdict { kAllow, kDeny, kDefer };
  // `qos`: what the client asks for.
  AccessVerdict OnSubscribe(const ClientView& client, std::string_view filter, int qos = 1);
  void OnUnsubscribe(const ClientView& client, std::string_view filter);
  // Of a client that is known, only the handle is looked at.
  AccessVerdict OnReceive(const ClientView& client, std::string_view topic, std::string_view payload);
  // True for a connected client whose login was seen.
  bool Knows(ClientHandle handle) { return sessions_.Find(handle) != nullptr; }
  AccessVerdict OnPublish(const ClientView& client, std::string_view topic);

  Gate::Verdict OnMessage(const ClientView& client, const Publication& publication);
  void OnControl(const ClientView& client, std::string_view topic, std::string_view payload);

  // The broker read its configuration again, and asks for the login of every session next.
  void OnReload() { reloading_ = true; }
  void OnTick();

 private:
  // No user name and no client id of the protocol holds a '$'.
  static constexpr std::string_view kDoorbellName = "$parley-doorbell";

  ChatPlugin(const PluginOptions& options, Broker& broker, std::unique_ptr<log::LocalLog> log,
             std::unique_ptr<log::HeldSlots> held, log::LocalLog::Opened opened);

  // Appends cursors that an earlier process was holding when it ended.
  Status AppendLeftCursors(const std::vector<std::string>& records);
  Status MakeFirstUsers();
  Status MakeUser(const std::string& name, const std::string& kind, bool admin, const std::string& file);
  LoginVerdict DecideLogin(const ClientView& client, std::string_view password);
  LoginVerdict OnDoorbellLogin(const ClientView& client, std::string_view password);
  AccessVerdict OnWill(const ClientView& client, std::string_view topic);
  bool IsDeferred(const ClientView& client) const;
  AccessVerdict OnStranger(const ClientView& client, std::string_view topic_or_filter) const;
  Session& Admit(const ClientView& client);
  Session* LearnFromCertificate(const ClientView& client);
  Session* Known(const ClientView& client, Session& scratch);
  AccessVerdict DecideSubscribe(const ClientView& client, Session& session, std::string_view filter, int qos);
  AccessVerdict OnRewind(const ClientView& client, const Session& session, std::string_view filter, int qos);
  bool IsRetainedOfBridge(const ClientView& client, std::string_view topic) const;
  void KickStrangers();
  void BindInLog(Session& session);
  void Remember(const domain::UserRecord& user, const std::string& mac, std::string_view password);
  void Rehash(const domain::UserRecord& user, std::string_view password);
  void OnBridgeSubscribed(const ClientView& client, std::string_view filter);
  void WillChange(const domain::Change& change);
  void RunCompletions();
  void WakeUp();
  void SetCoalescing(bool on);
  void EndBrokerWhenLogFailed();
  nlohmann::json Stats() const;
  internal::v1::MetricsNotice Metrics();
  void TellStats(BridgeRequests::Clock::time_point now);

  const PluginOptions options_;
  Broker& broker_;
  const std::unique_ptr<log::LocalLog> log_;
  const std::unique_ptr<log::HeldSlots> held_;
  domain::Directory view_;
  ReceiveCheck may_receive_{view_};
  Sessions sessions_;
  Kicks kicks_;
  const LogClock clock_;
  CredentialMemory memory_;
  OutputCoalescer coalescer_;
  Delivery delivery_;
  SessionNotices session_notices_;
  SilentClients silent_clients_;
  CommandSender commands_;
  WorkerPool pool_;
  WorkerPool login_pool_;  // of its own, so that a flood of logins holds up no command and no rewind
  Requests requests_;
  BridgeRequests bridge_requests_;
  Gate gate_;
  Rewind rewind_;
  Login login_;
  Control control_;

  const std::string doorbell_secret_;
  ClientHandle doorbell_handle_ = nullptr;
  std::unique_ptr<Doorbell> doorbell_;

  bool can_coalesce_ = false;
  bool unpaced_ = false;  // the listeners have been looked through
  bool reloading_ = false;
  bool log_failed_ = false;
  ClientHandle bridge_handle_ = nullptr;    // the bridge that takes requests
  ClientHandle sessions_handle_ = nullptr;  // the bridge that is told of sessions
  struct Gone {
    ClientHandle handle = nullptr;
    std::string user;
  };
  Gone last_gone_;  // whose will may follow
  // A connection that ended before anything was learned of it, in this pass.
  ClientHandle unlearned_gone_ = nullptr;
  std::set<std::string> strangers_;  // client ids with a certificate of no user: kicked at the next tick
  std::vector<std::string> to_settle_;

  BridgeRequests::Clock::time_point stats_due_;  // of the bridge's next notice
  uint64_t deliveries_ = 0;                      // READ questions answered with yes
  std::array<uint64_t, 4> logins_{};             // by verdict
};

}  // namespace parley::plugin
