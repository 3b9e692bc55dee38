#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker-plugin/auth/sessions.h"
#include "broker-plugin/delivery/delivery.h"
#include "broker-plugin/gate/bound_messages.h"
#include "broker-plugin/gate/bridge_requests.h"
#include "broker-plugin/gate/command_sender.h"
#include "broker-plugin/gate/cursors.h"
#include "broker-plugin/gate/member_requests.h"
#include "broker-plugin/gate/rate_limiter.h"
#include "broker-plugin/gate/signals.h"
#include "schemas/topic.h"

namespace parley::plugin {

// A PUBLISH as the broker shows it, valid for the call.
struct Publication {
  std::string_view topic;
  std::string_view payload;
  uint8_t qos = 0;
  std::string_view response_topic{};  // MQTT 5 properties; empty when absent
  std::string_view correlation_data{};
};

// The first step of a message's life: checks a publish to a chat topic and hands it to the log. It finally
// refuses only what is malformed or too large, an unknown room, and who never had a membership there; all
// else is for the sequencer to decide, since a message that is stored already must be answered first. Broker
// thread only.
class Gate {
 public:
  enum class Verdict {
    kTaken,   // ours now: the broker acknowledges it and routes an empty message to nobody
    kPass,    // not ours: goes its ordinary way
    kRefuse,  // an Ack with the reason is on its way
    kClose,   // cannot be taken now: close the connection without a PUBACK, the message stays the client's
  };

  Gate(const domain::Directory& view, CommandSender& commands, Delivery& delivery,
       MemberRequests& member_requests, BridgeRequests& bridge_requests, log::HeldSlots& held)
      : view_(view),
        commands_(commands),
        delivery_(delivery),
        member_requests_(member_requests),
        bridge_requests_(bridge_requests),
        bound_(view, commands),
        cursors_(commands, held),
        signals_(view, delivery) {}

  Verdict OnMessage(const Session& session, const Publication& publication);
  // A publish to a chat topic that the access rules have denied: answers it.
  void OnDenied(const Session& session);

  // Messages of plain topics that are bound to rooms.
  BoundMessages& bound() { return bound_; }
  const BoundMessages& bound() const { return bound_; }
  // Cursors on their way into the log.
  Cursors& cursors() { return cursors_; }
  const Cursors& cursors() const { return cursors_; }

  // What is said in passing.
  Signals& signals() { return signals_; }

  uint64_t closed_count() const { return closed_count_; }
  uint64_t refused_count() const { return refused_count_; }

 private:
  // A publish that is answered by an Ack.
  struct Attempt {
    const Session& session;
    Encoding encoding = Encoding::kJson;
    std::string_view room{};  // may be no room's name
    std::string_view correlation_data{};
  };

  Verdict OnSend(const Session& session, const SendTopic& topic, const Publication& publication);
  Verdict OnCursor(const Session& session, const RoomTopic& topic, const Publication& publication);
  Verdict OnSignal(const Session& session, const RoomTopic& topic, const Publication& publication);
  Verdict OnRequest(const Session& session, const RequestTopic& topic, const Publication& publication);
  Verdict OnBridge(const Publication& publication);
  Status CheckRate(const Session& session);
  Verdict SendLive(const Attempt& attempt, const v1::Draft& draft);
  Status CheckSender(const Session& session, std::string_view room) const;
  // May they speak there by the view as it is? For what is not decided by the sequencer.
  Status CheckLiveSender(const Session& session, std::string_view room) const;
  Verdict Refuse(const Attempt& attempt, std::string id, const Error& why);
  Verdict RefuseRequest(const Session& session, const RequestTopic& topic, const Publication& publication,
                        const Error& why);

  const domain::Directory& view_;
  CommandSender& commands_;
  Delivery& delivery_;
  MemberRequests& member_requests_;
  BridgeRequests& bridge_requests_;
  BoundMessages bound_;
  Cursors cursors_;
  Signals signals_;
  RateLimiter limiter_;
  domain::Command send_command_;
  uint64_t closed_count_ = 0;
  uint64_t refused_count_ = 0;
};

}  // namespace parley::plugin
