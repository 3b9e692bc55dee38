#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/session/effects.h"
#include "client/session/session.h"
#include "client/transport/mqtt_transport.h"
#include "parley/v1/request.pb.h"

namespace parley::client {

struct ClientOptions {
  MqttOptions mqtt;     // whom to connect to, and as whom
  StreamConfig stream;  // which events to follow; none unless asked for
  bool admin = false;   // will call Control()
  size_t window = limits::kDraftsInFlight;
  int64_t send_patience_ms = 60'000;  // 0 = for ever
  int64_t request_patience_ms = 30'000;
  // When set to true from anywhere (a signal handler), every waiting call returns UNAVAILABLE, "interrupted".
  const std::atomic<bool>* interrupted = nullptr;
};

// The connection was lost (then `lost` says why) or is back.
struct ConnectionChange {
  std::optional<Error> lost;
};

// A chat client for a program: blocking calls over one connection that heals itself. Any thread may call; one
// thread of its own (the transport's) runs the session and the callbacks of StartSend().
class Client {
 public:
  // What the followed rooms bring, in order: events, the moments when everything up to now was delivered,
  // notices, and when the connection goes and comes back; receipts, signals and inbox items when they were
  // asked for.
  using StreamItem =
      std::variant<v1::Event, CaughtUp, Notice, ConnectionChange, v1::Receipt, v1::Signal, v1::InboxItem>;
  using SendCallback = std::function<void(const Result<v1::Ack>&)>;

  // Connects. UNAUTHENTICATED: wrong user, password or client id. UNAVAILABLE: no broker in give_up_after_ms.
  static Result<std::unique_ptr<Client>> Connect(const ClientOptions& options);
  ~Client();  // disconnects, politely

  // Sends and waits for the ack. An ack with an error code is a value (look at its code); an Error says that
  // the draft was not sent at all, or that no ack came (UNAVAILABLE: stored or not; the same id sends it
  // again). A draft without an id gets one.
  Result<v1::Ack> Send(const std::string& room, const v1::Draft& draft, int qos = 1);

  // The same without waiting; `done` is called once, on the client's thread, and must be quick.
  void StartSend(const std::string& room, v1::Draft draft, int qos, const SendCallback& done);

  // Says how far the user has got in a room, or something in passing, and does not wait: what is said without
  // a connection is lost.
  void MoveCursor(const std::string& room, const v1::Cursor& cursor);
  void Signal(const std::string& room, const v1::Signal& signal);

  // Asks and waits. The request_id is set here. A reply with an error code is an Error.
  Result<v1::HistoryPageReply> History(v1::HistoryPageRequest request);
  Result<v1::SyncReply> Sync(v1::SyncRequest request);
  // All rooms of the user, every page of them.
  Result<std::vector<v1::RoomState>> Rooms();

  // Any request of the protocol: `request` is a JSON object without requestId; the reply is JSON, too. A
  // reply with an error code is an Error. With Repeat::kNo nothing is asked twice: UNAVAILABLE then says that
  // it may or may not have been carried out.
  Result<std::string> Ask(const std::string& method, const std::string& request, Repeat repeat);

  // Admin commands (JSON objects), in order; the answers, one for each. Needs ClientOptions::admin.
  Result<std::vector<std::string>> Control(std::vector<std::string> commands);

  // The next item of the stream; nothing when none came in time. An Error when the stream has ended for good.
  Result<std::optional<StreamItem>> Next(int64_t timeout_ms);

  // Calls `on_event` for each event, on this thread, until it returns false (then OK) or the stream ends.
  Status Tail(const std::function<bool(const v1::Event&)>& on_event);

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::client
