#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker-plugin/delivery/delivery.h"
#include "broker-plugin/gate/rate_limiter.h"
#include "core/domain/directory.h"
#include "parley/v1/message.pb.h"
#include "schemas/limits.h"
#include "schemas/topic.h"

namespace parley::plugin {

// Signals: what is said in passing (typing, call signalling), never stored. The server stamps who says it and
// publishes it to the room's `signals` topics. Whoever is asked for by name in `to`, and only that, is
// decided when the broker asks for the READ right; what the server has not published itself (a client's own
// publish, which is routed empty; the will of a client that is connected when the broker ends) is received by
// nobody.
//
// Typing ends by itself: without a renewal the server says TYPING_STOP for the client. Broker thread only.
class Signals {
 public:
  using Clock = std::chrono::steady_clock;

  struct Incoming {
    const std::string& user;
    const std::string& client;
    const std::string& room;
    Encoding encoding;
    std::string_view payload;
  };

  Signals(const domain::Directory& view, Delivery& delivery) : view_(view), delivery_(delivery) {}

  // How long a TYPING_START holds without a renewal.
  void set_typing_time(std::chrono::milliseconds time) { typing_time_ = time; }

  // Publishes a signal of a user who may speak in that room. The error is for the Ack.
  Status Take(const Incoming& incoming, Clock::time_point now);

  // chat/v1/rooms/{room}/signals/{pb,json}; `topic` is one of the protocol.
  static bool IsSignalTopic(std::string_view topic);
  // May this member of the room be sent this message of a signal topic?
  bool MayReceive(std::string_view user, std::string_view topic, std::string_view payload) const;

  // The client's connection has ended.
  void OnGone(const std::string& client);
  // One loop pass is over: ends what nobody has renewed.
  void OnTick(Clock::time_point now);

  size_t typing_count() const { return typing_.size(); }

 private:
  // Signals that the broker has not routed yet, in each encoding; above: RESOURCE_EXHAUSTED.
  static constexpr size_t kUnderWayMax = 8'192;
  // Clients that are typing, by room; above: RESOURCE_EXHAUSTED.
  static constexpr size_t kTypingMax = 4'096;

  // A message that the broker has been given, by its payload (which names room, sender and receivers).
  struct UnderWay {
    std::string topic;
    std::vector<std::string> to;  // empty = all members
    uint64_t barrier = 0;
    int ticks = 0;
  };
  struct Typing {
    std::string user;
    std::vector<std::string> to;
    Clock::time_point until;
  };
  struct TransparentHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using RoomAndClient = std::pair<std::string, std::string>;

  void Publish(const v1::Signal& signal);
  void NoteTyping(const v1::Signal& signal, Clock::time_point now);
  bool MayStillType(const std::string& room, const Typing& typing) const;
  void Stop(const RoomAndClient& who, const Typing& typing);

  const domain::Directory& view_;
  Delivery& delivery_;
  std::chrono::milliseconds typing_time_{limits::kTypingMs};
  RateLimiter limiter_;
  std::unordered_map<std::string, UnderWay, TransparentHash, std::equal_to<>> under_way_;
  std::map<RoomAndClient, Typing> typing_;
};

}  // namespace parley::plugin
