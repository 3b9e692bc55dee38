#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker-plugin/auth/sessions.h"
#include "broker-plugin/delivery/delivery.h"
#include "broker-plugin/gate/log_clock.h"
#include "core/log/commit_log.h"
#include "schemas/topic.h"

namespace parley::plugin {

// A PUBLISH as the broker shows it, valid for the call.
struct Publication {
  std::string_view topic;
  std::string_view payload;
  uint8_t qos = 0;
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

  Gate(const domain::Directory& view, log::CommitLog& log, Delivery& delivery, const LogClock& clock)
      : view_(view), log_(log), delivery_(delivery), clock_(clock) {}

  Verdict OnMessage(const Session& session, const Publication& publication);
  // A publish to a chat topic that the access rules have denied: answers it.
  void OnDenied(const Session& session);

  // A command of this user and client, stamped, its body still to be set.
  domain::Command NewCommand(const std::string& user, const std::string& client) const;

  uint64_t closed_count() const { return closed_count_; }
  uint64_t refused_count() const { return refused_count_; }

 private:
  Verdict OnSend(const Session& session, const SendTopic& topic, const Publication& publication);
  Verdict OnRequest(const Session& session, const RequestTopic& topic, const Publication& publication);
  Verdict SendLive(const Session& session, const domain::Room* room, const std::string& room_name,
                   Encoding encoding, const v1::Draft& draft);
  Status CheckSender(const Session& session, std::string_view room) const;
  Verdict Refuse(const Session& session, Encoding encoding, std::string_view room, std::string id,
                 const Error& why);
  Verdict RefuseRequest(const Session& session, Encoding encoding, std::string_view payload,
                        const Error& why);

  const domain::Directory& view_;
  log::CommitLog& log_;
  Delivery& delivery_;
  const LogClock& clock_;
  uint64_t closed_count_ = 0;
  uint64_t refused_count_ = 0;
};

}  // namespace parley::plugin
