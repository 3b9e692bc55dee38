#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "broker-plugin/auth/interest.h"
#include "core/domain/directory.h"
#include "core/domain/flat_table.h"
#include "schemas/topic.h"

namespace parley::plugin {

// The broker's own object for a connection: compared, never looked into.
using ClientHandle = const void*;

// The filters that a session has subscribed to, to count them: their hashes.
class SubscribedFilters {
 public:
  size_t size() const { return hashes_ ? hashes_->size() : 0; }
  bool Has(std::string_view filter) const {
    return hashes_ && std::find(hashes_->begin(), hashes_->end(), HashOf(filter)) != hashes_->end();
  }
  void Add(std::string_view filter) {
    if (!hashes_) hashes_ = std::make_unique<std::vector<size_t>>();
    hashes_->push_back(HashOf(filter));
  }
  void Remove(std::string_view filter) {
    if (hashes_) std::erase(*hashes_, HashOf(filter));
  }

 private:
  static size_t HashOf(std::string_view filter) { return std::hash<std::string_view>()(filter); }
  std::unique_ptr<std::vector<size_t>> hashes_;
};

// One MQTT session that the broker holds, as far as we know. Tens of thousands of them wait idle, so it is
// small: the largest members first, no room left between the small ones.
struct Session {
  enum class Kind : uint8_t { kUser, kBridge, kDoorbell };
  std::string client;
  std::string user;
  std::optional<uint64_t> bound_at_ms{};  // log time of its newest binding in the log
  ClientHandle handle = nullptr;          // set while connected
  uint64_t number = 0;        // of the connection, in this process; a later one has a higher number
  Interest interest;          // changed by Sessions::AddInterest() only
  SubscribedFilters filters;  // of this process
  // The burst of deliveries that it was last part of (delivery/output_coalescer.h).
  struct Burst {
    uint32_t number = 0;
    int socket = -1;  // as it was found last
    bool corked = false;
    uint16_t answers = 0;
  } burst{};
  Kind kind = Kind::kUser;
  bool connected = true;
  bool outlives = false;  // the broker keeps it when the connection ends
  bool v5 = false;
  bool silent = false;    // its connection is ended since it says nothing
  bool resumes = false;   // it goes on with what an earlier connection of this client id has left
  int32_t quiet_ms = -1;  // when it ended: so long nothing had come from it; -1: not known
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
    for (const std::unique_ptr<Session>& session : by_client_) visit(*session);
  }

 private:
  struct TransparentHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <typename Value>
  using TextMap = std::unordered_map<std::string, Value, TransparentHash, std::equal_to<>>;

  // By client id, which is the session's own.
  struct ClientHash {
    using is_transparent = void;
    size_t operator()(std::string_view client) const { return std::hash<std::string_view>()(client); }
    size_t operator()(const std::unique_ptr<Session>& session) const { return (*this)(session->client); }
  };
  struct SameClient {
    using is_transparent = void;
    static std::string_view ClientOf(std::string_view client) { return client; }
    static std::string_view ClientOf(const std::unique_ptr<Session>& session) { return session->client; }
    bool operator()(const auto& one, const auto& other) const { return ClientOf(one) == ClientOf(other); }
  };

  void Forget(std::string_view client);
  // The connection is over; the session may stay.
  void End(Session& session);

  const Probe probe_;
  SessionListener* listener_ = nullptr;
  uint64_t connections_ = 0;
  InterestCounts interest_;
  std::unordered_set<std::unique_ptr<Session>, ClientHash, SameClient> by_client_;
  // The address of an object on the heap: its lower bits are alike.
  struct HandleHash {
    using View = ClientHandle;
    static uint32_t Of(View handle) {
      return static_cast<uint32_t>((reinterpret_cast<uintptr_t>(handle) * 0x9E3779B97F4A7C15U) >> 32U);
    }
  };
  domain::FlatTable<ClientHandle, Session*, HandleHash> by_handle_;  // read for each copy that is delivered
  TextMap<std::vector<Session*>> by_user_;
};

}  // namespace parley::plugin
