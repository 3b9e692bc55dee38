#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker-plugin/auth/interest.h"
#include "core/domain/directory.h"
#include "schemas/topic.h"

namespace parley::plugin {

// The broker's own object for a connection: compared, never looked into.
using ClientHandle = const void*;

// One MQTT session that the broker holds, as far as we know.
struct Session {
  enum class Kind { kUser, kBridge, kDoorbell };
  std::string client;
  std::string user;
  Kind kind = Kind::kUser;
  bool connected = true;
  bool outlives = false;                  // the broker keeps it when the connection ends
  std::optional<uint64_t> bound_at_ms{};  // log time of its newest binding in the log
  bool v5 = false;
  bool resumes = false;           // it goes on with what an earlier connection of this client id has left
  ClientHandle handle = nullptr;  // set while connected
  // The burst of deliveries that it was last part of (delivery/output_coalescer.h).
  struct Burst {
    uint64_t number = 0;
    bool corked = false;
  } burst{};
  uint64_t number = 0;  // of the connection, in this process; a later one has a higher number
  Interest interest;    // changed by Sessions::AddInterest() only
  // Hashes of the filters that it has subscribed to in this process, to count them.
  std::vector<size_t> filters{};
};

// Hears of connections that begin and end; of a take-over, the end of the older one first. Broker thread.
class SessionListener {
 public:
  virtual ~SessionListener() = default;
  // The session stays where it is until OnSessionGone().
  virtual void OnSessionConnected(const Session& session) = 0;
  virtual void OnSessionGone(const Session& session) = 0;
};

// All sessions by handle, client id and user, and which user a client id belongs to. Broker thread only.
class Sessions {
 public:
  // True when the broker still holds a session of this client id (asked for offline ones only).
  using Probe = std::function<bool(const std::string& client)>;
  explicit Sessions(Probe probe) : probe_(std::move(probe)) {}

  // `listener` is borrowed; nobody hears of what was before.
  void SetListener(SessionListener* listener) { listener_ = listener; }

  // Bindings of earlier processes, not older than 30 days of log time.
  void Restore(const std::vector<domain::ClientRecord>& clients, uint64_t log_time_ms);

  // The user is deleted: sessions that the broker keeps belong to nobody ("") from here on.
  void Orphan(const std::string& user);

  // The other user that this client id belongs to, if any. An offline session that the broker has dropped
  // meanwhile is forgotten.
  std::optional<std::string> OwnerOtherThan(const std::string& client, std::string_view user);

  // A successful login. A session of the same client id and user is taken over: `handle` replaces the older
  // one.
  Session& Connected(ClientHandle handle, Session session);
  // The connection ended (ignored for a handle that was taken over). Returns the session if the broker may
  // keep it: call Settle() for it in a later pass.
  std::optional<std::string> Disconnected(ClientHandle handle);
  // Asks the broker whether it kept the session; forgets it if not. Returns the session that was kept: it
  // must be bound in the log.
  Session* Settle(const std::string& client);

  // The connected session of a handle; nullptr for a stranger, and for a handle that was taken over.
  Session* Find(ClientHandle handle);
  Session* FindClient(std::string_view client);
  const Session* FindClient(std::string_view client) const;

  // Notes that the session was granted this filter ($share taken off).
  void AddInterest(Session& session, std::string_view filter);
  bool AnyAckInterest(std::string_view client, Encoding encoding);
  // Over all sessions, offline ones too.
  const InterestCounts& interest() const { return interest_; }

  // Client ids of all sessions of a user, offline ones too.
  std::vector<std::string> ClientsOf(std::string_view user) const;
  size_t connected_count() const { return by_handle_.size(); }

  template <typename Visitor>
  void ForEach(Visitor visit) {
    for (auto& [client, session] : by_client_) visit(*session);
  }

 private:
  struct TransparentHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <typename Value>
  using TextMap = std::unordered_map<std::string, Value, TransparentHash, std::equal_to<>>;

  void Forget(const std::string& client);
  // The connection is over; the session may stay.
  void End(Session& session);

  const Probe probe_;
  SessionListener* listener_ = nullptr;
  uint64_t connections_ = 0;
  InterestCounts interest_;
  // The key is the session's own client id: tens of thousands of them wait idle.
  std::unordered_map<std::string_view, std::unique_ptr<Session>> by_client_;
  std::unordered_map<ClientHandle, Session*> by_handle_;
  TextMap<std::vector<Session*>> by_user_;
};

}  // namespace parley::plugin
